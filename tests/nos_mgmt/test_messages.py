"""NETCONF's messages as XML: what is read, what is refused, what is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from nos_mgmt.netconf.messages import (
    BASE_1_0,
    BASE_1_1,
    BadHello,
    BadRpc,
    error_reply,
    hello,
    read_hello,
    read_rpc,
    reply,
    rpc_error,
)
from tests.nos_mgmt.replies import error, is_ok, parsed
from yang.diff import NETCONF
from yang.errors import BadElement, ConstraintViolation, DataMissing, InvalidValue, RequestError, UnknownNamespace
from yang.path import Path

if TYPE_CHECKING:
    from yang.schema import Schema

BOMB = (
    "<!DOCTYPE rpc ["
    + "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(1, 9))
    + '<!ENTITY e1 "lol">]>'
    + f'<rpc xmlns="{NETCONF}" message-id="1"><get a="&e9;"/></rpc>'
)


def rpc(attributes: str, content: str = "<get/>") -> bytes:
    return f'<rpc xmlns="{NETCONF}" {attributes}>{content}</rpc>'.encode()


def refused(message: bytes) -> RequestError:
    with pytest.raises(BadRpc) as bad:
        read_rpc(message)
    return bad.value.error


def xml(*errors: RequestError) -> str:
    return error_reply("", errors).decode()


def test_the_attributes_of_an_rpc_come_back() -> None:
    sent = rpc('message-id="7" other="a &lt; &quot;b&quot;&#10;" xmlns:x="urn:x" x:more="c" xml:lang="de"')
    root = parsed(reply(read_rpc(sent).attributes, None))
    assert dict(root.attrib) == {
        "message-id": "7",
        "other": 'a < "b"\n',
        "{urn:x}more": "c",
        "{http://www.w3.org/XML/1998/namespace}lang": "de",
    }


def test_the_namespaces_of_an_rpc_come_back_used_or_not() -> None:
    # RFC 6241 section 4.2: any xmlns attributes are returned as well
    sent = rpc('message-id="1" xmlns:a="urn:a" xmlns:b="urn:a" xmlns:c="urn:c"')
    declared = parsed(reply(read_rpc(sent).attributes, None)).nsmap
    assert {prefix: uri for prefix, uri in declared.items() if prefix} == {"a": "urn:a", "b": "urn:a", "c": "urn:c"}


def test_an_rpc_with_a_prefix_is_an_rpc() -> None:
    sent = f'<n:rpc xmlns:n="{NETCONF}" xmlns="urn:other" message-id="1" n:x="y"><n:get/></n:rpc>'.encode()
    found = read_rpc(sent)
    assert found.operation.tag == f"{{{NETCONF}}}get"
    root = parsed(reply(found.attributes, None))
    assert root.attrib == {"message-id": "1", f"{{{NETCONF}}}x": "y"}
    assert is_ok(reply(found.attributes, None))


@given(st.dictionaries(st.sampled_from(["message-id", "a", "b.c", "d-e"]), st.text("aä€😀&<>'\" \t\n")))
def test_whatever_stands_in_attributes_comes_back(attributes: dict[str, str]) -> None:
    root = etree.Element(f"{{{NETCONF}}}rpc", {"message-id": "1"} | attributes, nsmap={None: NETCONF})
    etree.SubElement(root, f"{{{NETCONF}}}get")
    found = parsed(reply(read_rpc(etree.tostring(root)).attributes, None))
    assert dict(found.attrib) == {"message-id": "1"} | attributes


def test_an_rpc_without_message_id_is_told_so_with_its_other_attributes() -> None:
    with pytest.raises(BadRpc) as bad:
        read_rpc(rpc('other="x"'))
    answer = error_reply(bad.value.attributes, [bad.value.error])
    assert parsed(answer).attrib == {"other": "x"}
    found = error(answer)
    assert (found.type, found.tag) == ("rpc", "missing-attribute")
    assert found.info == {"bad-attribute": "message-id", "bad-element": "rpc"}


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b" ",
        b"get",
        b"<rpc",
        rpc('message-id="1"')[:-1],
        rpc('message-id="1" message-id="2"'),
        rpc('message-id="1"', "<get></get-config>"),
        rpc('message-id="1"', "<x:get/>"),
        rpc('message-id="1"', "<get>\x01</get>"),
        rpc('message-id="1"', "<get>&undefined;</get>"),
        rpc('message-id="1"', "<a>" * 5000 + "</a>" * 5000),
        rpc('message-id="1"') * 2,
        rpc('message-id="1"') + b"more",
        b"<rpc message-id='1'><get/></rpc>",
        b"<rpc xmlns='urn:other' message-id='1'><get/></rpc>",
        f'<hello xmlns="{NETCONF}"/>'.encode(),
        f'<rpc-reply xmlns="{NETCONF}" message-id="1"><ok/></rpc-reply>'.encode(),
        rpc('message-id="1"', ""),
        rpc('message-id="1"', "<get/><get/>"),
        rpc('message-id="1"', "only text"),
    ],
)
def test_what_is_no_rpc_is_malformed(message: bytes) -> None:
    found = refused(message)
    assert (found.type, found.tag) == ("rpc", "malformed-message")


@pytest.mark.parametrize(
    "message",
    [
        BOMB.encode(),
        BOMB.encode("utf-16"),
        BOMB.encode("utf-16-le"),
        b'<?xml version="1.0" encoding="UTF-16"?>' + BOMB.encode(),
        b'<?xml version="1.0" encoding="UTF-7"?>' + BOMB.replace("<!", "+ADwAIQ-").encode(),
        rpc('message-id="1"').replace(b"<rpc", b'<!DOCTYPE rpc SYSTEM "file:///etc/passwd"><rpc'),
        rpc('message-id="1"', "<get>&x;</get>").replace(
            b"<rpc", b'<!DOCTYPE rpc [<!ENTITY x SYSTEM "file:///etc/passwd">]><rpc'
        ),
    ],
)
def test_document_types_and_entity_bombs_are_malformed_and_cost_nothing(message: bytes) -> None:
    found = refused(message)
    assert found.tag == "malformed-message"
    assert "root:" not in found.message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
def test_other_encodings_than_utf_8_are_malformed(encoding: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding}"?>' if encoding != "utf-32" else ""
    message = (declared + rpc('message-id="ä"').decode()).encode(encoding)
    assert refused(message).tag == "malformed-message"


def test_a_byte_order_mark_is_no_error() -> None:
    assert read_rpc(b"\xef\xbb\xbf" + rpc('message-id="1"')).operation.tag == f"{{{NETCONF}}}get"


def test_comments_and_processing_instructions_are_nothing() -> None:
    found = read_rpc(b"<?xml version='1.0'?><!-- a -->" + rpc('message-id="1"', "<!-- b --><?c d?><get/><!-- e -->"))
    assert found.operation.tag == f"{{{NETCONF}}}get"


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_octets_give_an_rpc_or_an_error(octets: bytes) -> None:
    for message in (octets, rpc('message-id="1"', "<get>") + octets, octets + rpc('message-id="1"')):
        try:
            read_rpc(message)
        except BadRpc as bad:
            error(error_reply(bad.attributes, [bad.error]))


def test_a_client_hello_tells_capabilities() -> None:
    capabilities = f"<capability>\n  {BASE_1_1} </capability><capability>urn:x</capability>"
    sent = f'<hello xmlns="{NETCONF}"><capabilities>{capabilities}</capabilities></hello>'
    assert read_hello(sent.encode()) == {BASE_1_1, "urn:x"}


@pytest.mark.parametrize(
    "content",
    [
        f"<capabilities><capability>{BASE_1_0}</capability></capabilities><session-id>4</session-id>",
        "<capabilities><capability>urn:ietf:params:netconf:base:2.0</capability></capabilities>",
        "<capabilities/>",
        "",
    ],
)
def test_a_hello_with_which_no_session_can_be_is_refused(content: str) -> None:
    with pytest.raises(BadHello):
        read_hello(f'<hello xmlns="{NETCONF}">{content}</hello>'.encode())


@pytest.mark.parametrize("message", [b"", b"hello", b"<hello/>", rpc('message-id="1"'), BOMB.encode()])
def test_what_is_no_hello_is_refused(message: bytes) -> None:
    with pytest.raises(BadHello):
        read_hello(message)


def test_the_server_hello_is_xml_with_a_session_id() -> None:
    root = etree.fromstring(hello(["urn:a?b=c&d=e"], 12))
    assert [child.text for child in root.iter(f"{{{NETCONF}}}capability")] == ["urn:a?b=c&d=e"]
    assert root.findtext(f"{{{NETCONF}}}session-id") == "12"


def test_an_error_stands_as_appendix_a_has_it() -> None:
    full = BadElement("two < one", app_tag="mine & yours", info=(("bad-element", "x"),))
    found = error(xml(full))
    assert found == ("application", "bad-element", "mine & yours", None, "two < one", {"bad-element": "x"})


def test_an_error_without_more_has_no_empty_elements() -> None:
    assert "<error-info" not in rpc_error(RequestError("no"))
    assert "<error-path" not in rpc_error(RequestError("no"))
    assert "<error-app-tag" not in rpc_error(RequestError("no"))


def test_the_error_path_declares_its_prefixes(full_schema: Schema) -> None:
    interfaces = full_schema.find("/openconfig-interfaces:interfaces")
    interface = interfaces.children["interface"]
    path = Path(Path(Path(None, interfaces), interface, ("Ether'net\"<1>",)), interface.children["config"])
    text = xml(InvalidValue("no", path))
    # a key with both quotes has no XPath 1.0 literal, so that one is not evaluated
    assert "xmlns:oc-if=" in text
    path = Path(Path(Path(None, interfaces), interface, ("it's <1>",)), interface.children["config"])
    found = error(xml(InvalidValue("no", path)))
    assert found.path == '/oc-if:interfaces/oc-if:interface[oc-if:name="it\'s <1>"]/oc-if:config'


def test_the_error_info_of_yang_is_in_its_namespace() -> None:
    # RFC 7950 section 15.1: non-unique belongs to urn:ietf:params:xml:ns:yang:1
    wrong = ConstraintViolation("twice", app_tag="data-not-unique", info=(("non-unique", "/a/b"),))
    assert '<non-unique xmlns="urn:ietf:params:xml:ns:yang:1">/a/b</non-unique>' in rpc_error(wrong)
    missing = DataMissing("none", app_tag="missing-choice", info=(("missing-choice", "c"),))
    assert '<missing-choice xmlns="urn:ietf:params:xml:ns:yang:1">c</missing-choice>' in rpc_error(missing)
    unknown = UnknownNamespace("x", info=(("bad-element", "x"), ("bad-namespace", "urn:?&")))
    assert error(xml(unknown)).info == {"bad-element": "x", "bad-namespace": "urn:?&"}


@given(st.text(st.characters(), max_size=50))
def test_whatever_a_message_holds_the_reply_is_xml(text: str) -> None:
    # a native error's text may have control characters, and those of file names surrogates
    found = error(xml(RequestError(text, info=(("bad-element", text),))))
    assert len(found.message) == len(text)


def test_control_characters_become_replacement_characters() -> None:
    found = error(xml(RequestError("a\x00b\x1bc\ud800d\uffffe\tf\ng")))
    assert found.message == "a�b�c�d�e\tf\ng"


def test_several_errors_stand_side_by_side() -> None:
    root = parsed(error_reply(' message-id="1"', [RequestError("one"), RequestError("two")]))
    assert len(root.findall(f"{{{NETCONF}}}rpc-error")) == 2
