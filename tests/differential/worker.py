"""What libyang says of instances: a process of its own, which reads requests and writes answers, a line of JSON each.

It runs in the environment that `tests.differential.oracle` makes, with nothing of this project. The package's own classes
keep pointers to freed memory, so that its C interface is used as it is.
"""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager

from _libyang import ffi, lib

TOLD = 300


def messages(context):
    """Return what libyang has said since it was asked last, and forget it."""
    found = []
    error = lib.ly_err_first(context)
    while error != ffi.NULL:
        path = ffi.string(error.path).decode() if error.path != ffi.NULL else ""
        found.append(f"{ffi.string(error.msg).decode(errors='replace')[:TOLD]} {path}".strip())
        error = error.next
    lib.ly_err_clean(context, ffi.NULL)
    return "; ".join(found)


def open_context(folder, modules):
    """Return a context that implements `modules`, pairs of name and features; None and a message if they cannot be."""
    made = ffi.new("struct ly_ctx **")
    options = lib.LY_CTX_REF_IMPLEMENTED | lib.LY_CTX_NO_YANGLIBRARY | lib.LY_CTX_DISABLE_SEARCHDIR_CWD
    if lib.ly_ctx_new(folder.encode(), options, made) != lib.LY_SUCCESS:
        return None, "no context"
    context = made[0]
    for name, features in modules:
        names = [ffi.new("char []", feature.encode()) for feature in features]
        module = lib.ly_ctx_load_module(context, name.encode(), ffi.NULL, ffi.new("char *[]", [*names, ffi.NULL]))
        if module == ffi.NULL:
            said = messages(context)
            lib.ly_ctx_destroy(context)
            return None, f"{name}: {said}"
    lib.ly_err_clean(context, ffi.NULL)
    return context, None


@contextmanager
def parsed(context, document, form):
    """Yield the tree of `document` and what is wrong with it, None if nothing is; the tree goes away afterwards."""
    tree = ffi.new("struct lyd_node **")
    status = lib.lyd_parse_data_mem(
        context,
        ffi.new("char []", document.encode()),
        form,
        lib.LYD_PARSE_STRICT | lib.LYD_PARSE_NO_STATE,
        lib.LYD_VALIDATE_NO_STATE,
        tree,
    )
    said = messages(context)
    yield tree[0], None if status == lib.LY_SUCCESS else said or f"status {status}"
    lib.lyd_free_all(tree[0])


def judged(context, document):
    """Return what is wrong with `document`; None if nothing is."""
    with parsed(context, document, lib.LYD_XML) as (_, error):
        return error


def as_json(context, document, form):
    """Return `document` as libyang prints it in JSON, and what is wrong with it; None if nothing is."""
    with parsed(context, document, form) as (tree, error):
        if error is not None:
            return None, error
        text = ffi.new("char **")
        lib.lyd_print_mem(text, tree, lib.LYD_JSON, lib.LYD_PRINT_WITHSIBLINGS | lib.LYD_PRINT_SHRINK)
        printed = ffi.string(text[0]).decode() if text[0] != ffi.NULL else "{}"
        lib.free(text[0])
        return printed, None


def main():
    """Answer requests until there are no more."""
    lib.ly_log_options(lib.LY_LOSTORE)
    context = None
    for line in sys.stdin:
        request = json.loads(line)
        if "folder" in request:
            if context is not None:
                lib.ly_ctx_destroy(context)
            context, error = open_context(request["folder"], request["modules"])
            answer = {"error": error}
        elif "pairs" in request:
            answer = {
                "pairs": [
                    (as_json(context, xml, lib.LYD_XML), as_json(context, json_, lib.LYD_JSON))
                    for xml, json_ in request["pairs"]
                ]
            }
        else:
            answer = {"verdicts": [judged(context, document) for document in request["documents"]]}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
