"""The folders of the program's own files on each system."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from platformdirs import PlatformDirs


@dataclass(frozen=True, slots=True)
class AppFolders:
    """Paths of the settings file, the recovery files, the log file, and the cached frames."""

    settings: Path
    recovery: Path
    log: Path
    frames: Path

    @classmethod
    def usual(cls) -> AppFolders:
        """Returns the standard paths of this system. Creates nothing."""
        dirs = PlatformDirs("latent-trails", appauthor=False)
        return cls(
            settings=dirs.user_config_path / "settings.ini",
            recovery=dirs.user_state_path / "recovery",
            log=dirs.user_log_path / "latent-trails.log",
            frames=dirs.user_cache_path / "frames",
        )

    @classmethod
    def within(cls, folder: Path) -> AppFolders:
        """Returns paths inside one folder, for tests and portable installations."""
        return cls(
            folder / "settings.ini", folder / "recovery", folder / "log.txt", folder / "frames"
        )
