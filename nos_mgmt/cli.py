"""The command `nos-mgmt`."""

from __future__ import annotations

import shutil
import sys
from contextlib import closing, contextmanager
from importlib.metadata import version
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from backends.operation import BackendLost
from nos_mgmt.observability.formats import set_up
from nos_mgmt.settings import CHOICES, load
from yang.bindings import DEFAULT, use
from yang.errors import ModelError, NosError
from yang.tables import load as load_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.hardware.remote import RemoteDriver
    from yang.with_defaults import Mode

MODELS = click.option("--models", type=click.Path(path_type=Path), default=DEFAULT, help="The folder of the model set.")


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn the errors that a user can do something about into a line and status 1."""
    try:
        yield
    except (NosError, OSError, BackendLost) as error:
        raise click.ClickException(str(error)) from error


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(version("nos-mgmt"), prog_name="nos-mgmt")
def main() -> None:
    """Manage a network device: OpenConfig over NETCONF, and a commit that cannot be half done."""


@main.command()
@click.option(
    "--config", type=click.Path(exists=True, path_type=Path), help="A TOML file with settings; options count for more."
)
@click.option("--state", type=click.Path(path_type=Path), help="The folder for keys and history.  [.nos]")
@click.option("--models", type=click.Path(path_type=Path), help="The folder of the model set.  [the default set]")
@click.option("--host", help="The address to listen at for SSH.  [127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="The TCP port to listen at; 0 takes a free one.  [8830]")
@click.option("--backends", help="The backends, separated by commas.  [kernel,hardware]")
@click.option("--asic-ports", type=click.IntRange(0), help="Ethernet ports of the simulated chip.  [8]")
@click.option("--kernel-ports", type=click.IntRange(0), help="Ethernet ports in the namespace that is made.  [8]")
@click.option("--namespace", help="The network namespace to manage.  [one that is made: nos-PORT]")
@click.option(
    "--keep-namespaces/--remove-namespaces",
    default=None,
    help="What to do in the end with those that were made.  [remove]",
)
@click.option("--history", help="The URL of the history's database.  [a file in the state folder]")
@click.option("--log-level", type=click.Choice(CHOICES["log_level"]), help="How much to log.  [info]")
@click.option("--log-format", type=click.Choice(CHOICES["log_format"]), help="How to write it.  [text]")
@click.option("--metrics-port", type=click.IntRange(0, 65535), help="The TCP port for Prometheus; 0 is none.  [0]")
@click.option("--known-hosts", type=click.Path(path_type=Path), help="A known_hosts file to put the server's key into.")
def serve(config: Path | None, known_hosts: Path | None, backends: str | None, **options: Any) -> None:
    """Serve NETCONF until Ctrl-C or SIGTERM: over SSH at one address, or as a file with settings says.

    The first start makes a host key and the key of the user 'admin' in the state folder.
    """
    if backends is not None:
        options["backends"] = tuple(name.strip() for name in backends.split(",") if name.strip())
    with plain_errors():
        settings = load(config, options)
        if not (settings.models / "schema.tables").exists():
            raise ModelError(f"no compiled models in {settings.models}: run 'nos-mgmt models install'")
        # backends import bindings, which are those of the set that is served
        use(settings.models)
        from nos_mgmt import serve as serving  # noqa: PLC0415

        set_up(settings.log_level, settings.log_format)
        serving.serve(settings, known_hosts, click.echo)


@main.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("/etc/nos-mgmt.toml"),
    help="The file with the settings.  [/etc/nos-mgmt.toml]",
)
def unit(config: Path) -> None:
    """Print a unit for systemd that serves with the settings of a file, as a user of its own with few rights."""
    program = str(Path(shutil.which(sys.argv[0]) or sys.argv[0]).absolute())
    text = resources("nos_mgmt.observability").joinpath("nos-mgmt.service").read_text(encoding="utf-8")
    click.echo(text.replace("@nos-mgmt@", program).replace("@config@", str(config)), nl=False)


@main.command()
def demo() -> None:
    """Show a commit, a refused commit and a rollback, each with its proof; the status is 0 if every proof held."""
    with plain_errors():
        if not (DEFAULT / "schema.tables").exists():
            raise ModelError(f"no compiled models in {DEFAULT}: run 'nos-mgmt models install'")
        from nos_mgmt.demo import demonstrate  # noqa: PLC0415

        if not demonstrate():
            raise SystemExit(1)


@main.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
)
@MODELS
@click.option("--config", "config_only", is_flag=True, help="Refuse state data, as edit-config does.")
@click.option("--complete", is_flag=True, help="Tell also what is missing of modules that a FILE has no data of.")
@click.option("--oracle", is_flag=True, help="Ask libyang's yanglint too, and show where it disagrees.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the data of the one FILE, if it is valid, as instance data; the name ends in .xml or .json.",
)
@click.option(
    "--with-defaults",
    "mode",
    type=click.Choice(["explicit", "report-all", "report-all-tagged", "trim"]),
    default="explicit",
    help="Which default values --output writes (RFC 6243).  [explicit]",
)
@click.option("--max-size", type=click.IntRange(1), default=90, help="Refuse files of more megabytes.  [90]")
@click.option("--max-depth", type=click.IntRange(1), default=250, help="Refuse data nested more deeply.  [250]")
def validate(
    files: tuple[Path, ...],
    models: Path,
    output: Path | None,
    mode: Mode,
    max_size: int,
    max_depth: int,
    *,
    config_only: bool,
    complete: bool,
    oracle: bool,
) -> None:
    """Say what is wrong with files of data, where, and what would be right.

    A FILE ('-' is the standard input) is XML or JSON (RFC 7951), whatever its name: data nodes alone, in <config> or
    <data>, or instance data (RFC 9195). Every error is told with its line, its path, the value and what would be allowed.
    Rules between nodes (must, when, leafref, unique, mandatory) that look at a wrong name or value are judged once it is right.

    The status is 0 if every file is valid (and yanglint agrees, if asked), 1 otherwise.

    \b
    nos-mgmt validate running.xml
    nos-mgmt validate --output running.json running.xml
    """  # noqa: D301 - \b is click's
    if output is not None and len(files) > 1:
        raise click.UsageError("--output takes the data of one FILE")
    with plain_errors():
        from nos_mgmt.checking import Checker  # noqa: PLC0415 - as the server's modules
        from nos_mgmt.yanglint import Yanglint  # noqa: PLC0415
        from yang.limits import Limits  # noqa: PLC0415

        checker = Checker(
            models,
            sys.stdout,
            Limits(max_size * 1_000_000, max_depth),
            Yanglint(models / "modules") if oracle else None,
            config_only=config_only,
            is_complete=complete,
        )
        found = [checker.check(path) for path in files]
        if output is not None and found[0] is not None:
            checker.write(found[0], output, mode)
    if None in found:
        raise SystemExit(1)


@main.group()
def models() -> None:
    """Install, list, check and compile YANG models."""


@models.command()
@click.option(
    "--from", "source", help="A folder of .yang files, or the address of a git repository.  [the default set]"
)
@MODELS
def install(source: str | None, models: Path) -> None:
    """Install a model set and compile it: tables for the server, typed bindings for backends."""
    from yang import modelset  # noqa: PLC0415 - the compiler is slow to import

    with plain_errors():
        warnings = modelset.install(models, source, _progress)
    if warnings:
        click.echo(f"{len(warnings)} expressions of the models look odd; 'nos-mgmt models check' lists them")


@models.command("compile")
@MODELS
def compile_(models: Path) -> None:
    """Compile an installed model set again."""
    from yang import modelset  # noqa: PLC0415

    with plain_errors():
        modelset.compile_set(models, _progress)


@models.command("list")
@MODELS
def list_(models: Path) -> None:
    """List the modules of a model set, with their revisions."""
    with plain_errors():
        for module in load_tables(models / "schema.tables").modules:
            of = f"  part of {module.belongs_to}" if module.belongs_to else ""
            click.echo(f"{module.name:45} {module.revision}{of}")


@models.command()
@MODELS
def check(models: Path) -> None:
    """Say what is wrong with an installed model set; the status is 1 if it cannot be used as it is."""
    from yang import modelset  # noqa: PLC0415

    with plain_errors():
        findings = list(modelset.check(models))
        manifest = modelset.read_manifest(models)
    click.echo(f"from {manifest['origin']}")
    for patch in manifest["patches"]:
        click.echo(f"patched: {patch}")
    for name, reason in manifest["excluded"].items():
        click.echo(f"left out: {name}: {reason}")
    for finding in findings:
        click.echo(finding)
    if any(not finding.startswith("warning: ") for finding in findings):
        raise SystemExit(1)


@main.group()
@click.option("--state", type=click.Path(path_type=Path), default=Path(".nos"), help="The server's state folder.")
@click.pass_context
def asic(context: click.Context, state: Path) -> None:
    """Look into the simulated chip of a running server, and make it fail."""
    context.obj = state


@asic.command()
@click.pass_obj
def show(state: Path) -> None:
    """List what the chip holds."""
    with plain_errors(), _chip(state) as chip:
        for name in sorted(chip.status(None)):
            click.echo(_line(next(iter(chip.get([("hardware:port", name)]).values()))))
        for found in sorted(chip.objects(), key=lambda found: (found.rank, found.key)):
            click.echo(_line(found))


@asic.command()
@click.argument("name")
@click.pass_obj
def fail(state: Path, name: str) -> None:
    """Make operations on an object fail: NAME is as 'show' has it, for example 'route 10.0.0.0/24', or 'after 5'.

    'after N' lets N operations through and fails the one behind them.
    """
    from backends.hardware.simulated import Fault  # noqa: PLC0415

    kind, _, rest = name.partition(" ")
    if not rest or (kind == "after" and not rest.isdecimal()):
        raise click.BadParameter(f"{name!r} is neither 'KIND KEY' nor 'after N'", param_hint="NAME")
    fault = Fault(after=int(rest)) if kind == "after" else Fault(key=(f"hardware:{kind}", *rest.split()))
    with plain_errors(), _chip(state) as chip:
        chip.inject(fault)


@asic.command()
@click.pass_obj
def heal(state: Path) -> None:
    """Take back all ordered failures."""
    with plain_errors(), _chip(state) as chip:
        chip.inject(None)


@asic.command()
@click.argument("port")
@click.pass_obj
def plug(state: Path, port: str) -> None:
    """Put a port in."""
    with plain_errors(), _chip(state) as chip:
        chip.plug(port)


@asic.command()
@click.argument("port")
@click.pass_obj
def pull(state: Path, port: str) -> None:
    """Take a port out."""
    with plain_errors(), _chip(state) as chip:
        chip.pull(port)


def _chip(state: Path) -> closing[RemoteDriver]:
    from backends.hardware.remote import RemoteDriver  # noqa: PLC0415
    from nos_mgmt.embedded import socket_of  # noqa: PLC0415

    return closing(RemoteDriver(socket_of(state)))


def _line(found: Any) -> str:
    attributes = " ".join(f"{name}={value}" for name, value in found.attributes().items() if value not in ("", ()))
    return f"{str(found).removeprefix('hardware:')}  {attributes}"


def _progress(message: str) -> None:
    click.echo(f"models: {message}")
