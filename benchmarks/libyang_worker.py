"""libyang's side of the comparison: a process that reads a document and prints what each step took, a line of JSON each.

It runs in the environment that `tests.differential.oracle` makes, with nothing of this project. Arguments: the folder of the
models, the module to begin with, and files with the document, with one and with ten per cent of it changed.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from _libyang import ffi, lib

RUNS = 7
LONG = 5.0


def resident():
    """Return the resident memory in MB."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096 / 1e6


def opened(folder, modules):
    """Return a context that implements `modules`."""
    made = ffi.new("struct ly_ctx **")
    options = lib.LY_CTX_REF_IMPLEMENTED | lib.LY_CTX_NO_YANGLIBRARY | lib.LY_CTX_DISABLE_SEARCHDIR_CWD
    checked(lib.ly_ctx_new(folder.encode(), options, made))
    for module in modules:
        if lib.ly_ctx_load_module(made[0], module.encode(), ffi.NULL, ffi.NULL) == ffi.NULL:
            raise SystemExit(f"libyang does not load {module}")
    return made[0]


def parsed(context, document):
    """Return the tree of `document`."""
    tree = ffi.new("struct lyd_node **")
    options = lib.LYD_PARSE_ONLY | lib.LYD_PARSE_STRICT
    checked(lib.lyd_parse_data_mem(context, document, lib.LYD_XML, options, 0, tree))
    return tree


def checked(status):
    """Stop if a call failed."""
    if status != lib.LY_SUCCESS:
        raise SystemExit(f"libyang answers {status}")


def timed(action):
    """Return how many seconds of the processor's time `action` takes at best; once has to do where that is long."""
    taken = []
    while len(taken) < RUNS and sum(taken) < LONG:
        started = time.process_time()
        action()
        taken.append(time.process_time() - started)
    return min(taken)


def main():
    """Measure."""
    folder, modules, *files = sys.argv[1:]
    documents = [Path(file).read_bytes() for file in files]
    context = opened(folder, modules.split(","))

    def found(name, figure):
        print(json.dumps([name, figure]), flush=True)

    before = resident()
    tree = parsed(context, documents[0])

    def validate():
        checked(lib.lyd_validate_all(tree, ffi.NULL, lib.LYD_VALIDATE_NO_STATE, ffi.NULL))

    # it puts defaults into the tree
    validate()
    found("memory", resident() - before)
    found("read", timed(lambda: lib.lyd_free_all(parsed(context, documents[0])[0])))
    found("validate", timed(validate))
    printed = ffi.new("char **")
    options = lib.LYD_PRINT_SHRINK | lib.LYD_PRINT_WITHSIBLINGS
    found("print", timed(lambda: checked(lib.lyd_print_mem(printed, tree[0], lib.LYD_XML, options))))
    leaf = b"/openconfig-interfaces:interfaces/interface[name='Ethernet1']/config/description"
    numbers = iter(range(RUNS))

    def edit():
        text = f"edit {next(numbers)}".encode()
        checked(lib.lyd_new_path(tree[0], ffi.NULL, leaf, text, lib.LYD_NEW_PATH_UPDATE, ffi.NULL))
        validate()

    found("edit one leaf and validate", timed(edit))
    for name, document in zip(("diff 1 %", "diff 10 %"), documents[1:], strict=True):
        other = parsed(context, document)
        checked(lib.lyd_validate_all(other, ffi.NULL, lib.LYD_VALIDATE_NO_STATE, ffi.NULL))
        made = ffi.new("struct lyd_node **")
        found(name, timed(lambda other=other, made=made: checked(lib.lyd_diff_siblings(tree[0], other[0], 0, made))))
        lib.lyd_free_all(other[0])


if __name__ == "__main__":
    main()
