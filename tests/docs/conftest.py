"""The example plugin is known under the name that its package would have."""

import importlib.util
import sys
from pathlib import Path

spec = importlib.util.spec_from_file_location("hongzhu_city_library", Path(__file__).with_name("example_plugin.py"))
assert spec is not None
assert spec.loader is not None
sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules[spec.name])
