from __future__ import annotations

import subprocess
import sys


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_module_is_loaded_when_something_of_it_is_used() -> None:
    code = (
        "import sys; from orgsync.validation.lazy_imports import postpone_import; postpone_import('colorsys'); import colorsys; "
        "import colorsys as again; print('rgb_to_hsv' in vars(colorsys), colorsys is again, colorsys.rgb_to_hsv(0, 0, 0)); "
        "from colorsys import hsv_to_rgb; print(hsv_to_rgb(0, 0, 0), hasattr(colorsys, 'nothing'))"
    )
    assert run(code).split("\n") == ["False True (0.0, 0.0, 0)", "(0, 0, 0) False"]


def test_module_that_is_loaded_or_not_there_is_left_as_it_is() -> None:
    code = (
        "import sys, json; from orgsync.validation.lazy_imports import postpone_import; postpone_import('json'); "
        "postpone_import('no_such_module'); print(json is sys.modules['json'], 'no_such_module' in sys.modules)"
    )
    assert run(code) == "True False"
