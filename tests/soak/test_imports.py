"""Every module imported first, each in an interpreter that has loaded nothing of ours."""

import pytest

from tests.test_architecture import modules, start_fresh

pytestmark = pytest.mark.soak


def test_every_module_is_imported_first():
    assert start_fresh([{"modules": [module.name]} for module in modules() if module.name != "shop.__main__"]) == []
