"""One configuration for all machines: a base file, then the overrides of this machine."""

import logging
import os
import subprocess
from pathlib import Path
from typing import Any, Dict, Optional

import yaml

logger = logging.getLogger(__name__)

_BASE_FILE = Path("config") / "startup_config.yaml"


class UnifiedConfigLoader:
    """Loads the configuration once and answers questions about it."""

    def __init__(self, root: Optional[Path] = None):
        self._root = Path(root) if root else Path(__file__).resolve().parents[2]
        self._machine = self._detect_machine()
        self._config = self._load_configuration()

    def _detect_machine(self) -> str:
        """Which machine this is: told by the environment, else guessed from the GPU."""
        machine = os.environ.get("MACHINE_TYPE", "").lower()
        if machine in ("mainpc", "pc2"):
            return machine

        try:
            query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
            gpu = subprocess.check_output(query, timeout=5).decode().strip()
            if "4090" in gpu:
                return "mainpc"
            if "3060" in gpu:
                return "pc2"
        except (OSError, subprocess.SubprocessError) as error:
            logger.info("no GPU was found: %s", error)

        logger.warning("the machine type is not known, mainpc is assumed; set MACHINE_TYPE")
        return "mainpc"

    def _load_configuration(self) -> Dict[str, Any]:
        """The base file with this machine's overrides on top."""
        merged = self._read(self._root / _BASE_FILE)
        overrides = self._read(self._root / "config" / "overrides" / f"{self._machine}.yaml")
        for section, values in overrides.items():
            if isinstance(values, dict) and isinstance(merged.get(section), dict):
                merged[section] = {**merged[section], **values}
            else:
                merged[section] = values
        return merged

    @staticmethod
    def _read(path: Path) -> Dict[str, Any]:
        if not path.exists():
            return {}
        try:
            with open(path, encoding="utf-8") as stream:
                return yaml.safe_load(stream) or {}
        except yaml.YAMLError as error:
            logger.error("%s is not valid YAML: %s", path, error)
            return {}

    @property
    def machine(self) -> str:
        return self._machine

    def agent_settings(self, name: str) -> Dict[str, Any]:
        """The settings of one agent; empty when there are none."""
        return dict(self._config.get("agents", {}).get(name, {}))
