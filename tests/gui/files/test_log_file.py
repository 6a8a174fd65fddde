"""The log file: what is written into it, and what is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from gui.files.log_file import Log

ROOT = Path(__file__).parents[3]


def test_addresses_of_downloads_are_not_logged(tmp_path: Path) -> None:
    code = (
        "import logging, sys; from pathlib import Path; from gui.files.log_file import Log\n"
        "Log(Path(sys.argv[1])).start()\n"
        "logging.getLogger('httpx').info('GET https://store?signature=secret')\n"
        "logging.getLogger('latent_trails').info('begun')\n"
    )
    file = tmp_path / "log.txt"
    subprocess.run([sys.executable, "-c", code, str(file)], cwd=ROOT, check=True, timeout=60)
    text = file.read_text(encoding="utf-8")
    assert "begun" in text
    assert "secret" not in text


def test_an_exception_in_a_thread_is_written_down(tmp_path: Path) -> None:
    code = (
        "import sys, threading; from pathlib import Path; from gui.files.log_file import Log\n"
        "Log(Path(sys.argv[1]), print).start()\n"
        "for work in (lambda: 1 // 0, sys.exit):\n"
        "    thread = threading.Thread(target=work, name='worker'); thread.start(); thread.join()\n"
    )
    file = tmp_path / "log.txt"
    command = [sys.executable, "-c", code, str(file)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
    text = file.read_text(encoding="utf-8")
    assert text.count("worker ended") == 1
    assert "ZeroDivisionError" in text
    assert done.stdout == ""


def test_the_same_trouble_is_shown_once_and_logged_each_time(tmp_path: Path) -> None:
    said: list[str] = []
    log = Log(tmp_path / "log.txt", lambda text, details: said.append(text))
    for _ in range(5):
        error = ValueError("again")
        log.uncaught(ValueError, error, None)
    assert len(said) == 1
