"""All of the registry's tables: importing this imports every noun's, so that none is missed by a migration."""

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

import hongzhu_registry
from hongzhu_registry.database import metadata

for _noun in iter_modules(hongzhu_registry.__path__):
    _models = f"{hongzhu_registry.__name__}.{_noun.name}.models"
    if _noun.ispkg and find_spec(_models):
        import_module(_models)

tables = metadata.tables
"""By name."""
