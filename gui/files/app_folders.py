"""Where the program keeps its own files, by the customs of each system."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from platformdirs import PlatformDirs


@dataclass(frozen=True, slots=True)
class AppFolders:
    """Settings file, folder of recovery files, log file, and folder of remembered frames."""

    settings: Path
    recovery: Path
    log: Path
    frames: Path

    @classmethod
    def usual(cls) -> AppFolders:
        """The places this system has for such files. Nothing is created."""
        dirs = PlatformDirs("latent-trails", appauthor=False)
        return cls(
            settings=dirs.user_config_path / "settings.ini",
            recovery=dirs.user_state_path / "recovery",
            log=dirs.user_log_path / "latent-trails.log",
            frames=dirs.user_cache_path / "frames",
        )

    @classmethod
    def within(cls, folder: Path) -> AppFolders:
        """Everything in one folder, as tests and portable installations want it."""
        return cls(
            folder / "settings.ini", folder / "recovery", folder / "log.txt", folder / "frames"
        )
