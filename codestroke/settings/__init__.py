"""Settings: environment, one TOML file and a secrets directory become one frozen object per process."""

from codestroke.settings.load import load_settings
from codestroke.settings.model import HealthSettings, LogSettings, Settings

__all__ = ["HealthSettings", "LogSettings", "Settings", "load_settings"]
