"""Expressions over XML documents that several threads evaluate at once."""

from __future__ import annotations

import threading

from lxml import etree

from yang.xmlpath import XmlPath


def test_each_thread_has_an_expression_of_its_own() -> None:
    path = XmlPath("boolean(.//m:b)", {"m": "urn:m"})
    assert path(etree.fromstring('<a xmlns="urn:m"><b/></a>'))
    assert not path(etree.fromstring("<a><b/></a>"))
    seen = [path._evaluate]
    thread = threading.Thread(target=lambda: seen.append(path._evaluate))
    thread.start()
    thread.join()
    assert seen[0] is not seen[1]
