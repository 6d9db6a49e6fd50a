"""docs/bindings.md: its examples do what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.openconfig import interface, interfaces
from yang.edit import edit_config
from yang.xmldata import read_data
from yang.xmlio import parse_document

if TYPE_CHECKING:
    from yang.schema import Schema

PAGE = Path(__file__).parent.parent / "docs" / "bindings.md"


def test_the_examples_run_as_they_stand(full_schema: Schema) -> None:
    document = f"<data>{interfaces(interface('Ethernet1', mtu=1500))}</data>"
    names: dict[str, Any] = {"tree": read_data(parse_document(document.encode()), full_schema)}
    examples = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(examples) == 4
    for example in examples:
        exec(example, names)  # noqa: S102 - that is the promise
    entries = names["after"].get("openconfig-interfaces:interfaces").get("interface")
    assert [key[0] for key in entries] == ["Ethernet1", "Ethernet2", "Ethernet3"]
    assert edit_config(names["tree"], parse_document(names["edit"].encode())) == names["after"]
