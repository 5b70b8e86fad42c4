"""The page's half of a live run in node, on a canvas that notes what is drawn (`page.js`).

Node comes with playwright, so that nothing has to be installed for these tests.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import playwright

from lecturekit.live.panel import module

NODE = Path(playwright.__file__).parent / "driver" / "node"
CANVAS = Path(__file__).with_name("page.js").read_text(encoding="utf-8")


def evaluate(expression: str, more: str = "", **given: Any) -> Any:
    """The value of an expression of JavaScript behind the panel's module.

    Args:
        expression: may use what the module and `page.js` define, and the names in `given`.
        more: a script that stands behind the module.
        given: plain data.
    """
    constants = [f"const {name} = {json.dumps(value)};" for name, value in given.items()]
    answer = f"process.stdout.write(JSON.stringify({expression}));"
    source = "\n".join([CANVAS, module(), more, *constants, answer])
    done = subprocess.run(
        [NODE, "--input-type=module", "-"], input=source, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
