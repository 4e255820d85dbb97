"""``sockproof certify``: writes certificates of what is proved for any size; ``check`` compares them and has them rechecked."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

from rich.table import Table

from checker.commands.console import out_console, working
from checker.commands.model import choose_client, clients_of, compile_package, load_package, load_variant, repaired_by
from checker.errors import EXIT_AS_EXPECTED, EXIT_UNDETERMINED
from checker.language.client import freed_by
from checker.language.compile import Compiled
from checker.language.dangling import NO_DANGLING
from checker.language.lifetimes import Freed
from checker.report.files import write_atomic
from checker.symbolic.certificate import Certificate, certificate_files, property_folder
from checker.symbolic.cores import cores_in, prove_with_cores
from checker.symbolic.facts import Cores, Fact, Obligation, Proof, closure

FACTS_FOLDER = "facts/"
"""Obligations of facts repeat themselves much: they are stored compressed."""

FIX = "run sockproof certify, and look at what it changes"


@dataclass(frozen=True)
class Recheck:
    """What the second program says of all certificates: its exit status and the lines it printed."""

    status: int
    lines: tuple[str, ...]

    def shown(self) -> list[str]:
        """A summary if every property is confirmed, else every line that is about another."""
        if self.status == EXIT_AS_EXPECTED:
            confirmed = sum(": confirmed (" in line for line in self.lines)
            return [f"certificates: {confirmed} confirmed by a second program and solver"]
        return [line for line in self.lines if ": confirmed (" not in line]


def run_certify(spec: str, *, client: str, out: Path | None) -> int:
    """Prove and write the certificates, of ``client`` only if one is named; returns 3 if something is not proved."""
    package = load_package(spec, "PROOFS", *([] if out else ["CERTIFICATES"]))
    console = out_console()
    chosen = [client] if client else [c.name for c in clients_of(package)] or [""]
    status = EXIT_AS_EXPECTED
    for name, variant, asking in ((one, *steps) for one in chosen for steps in steps_of(package, one)):
        with working(f"certifying {name}") as say:
            patch = load_variant(package, variant) if variant else None
            compiled = compile_package(package, patch, client=name, asking=asking)
            folder = (out or Path(package.CERTIFICATES)) / client_name(compiled)
            facts = facts_about(package, compiled)
            known = known_cores(folder, facts)
            proof = prove_with_cores(compiled.system, facts, known, progress=lambda n: say(f"proving {n}"))
            certificate = certificate_of(compiled, proof)
            files = files_of(certificate)
        store(files, folder)
        if asking and not proof.facts:
            continue
        console.print(fact_table(certificate))
        if not proof.complete:
            status = EXIT_UNDETERMINED
            console.print(f"not proved: {', '.join(dict.fromkeys(o.fact for o in proof.failed()))}", soft_wrap=True, markup=False)
        size = sum(map(len, files.values()))
        console.print(f"wrote {len(certificate.properties)} properties, {len(files)} files, {size:,} bytes in {folder}")
    return status


def steps_of(package: ModuleType, client: str) -> list[tuple[str, Freed | None]]:
    """The steps something is proved of: by variants that repair something, each as joined and as ``no_dangling`` is asked of."""
    plain = freed_by(choose_client(package, client))
    asked = [("", Freed.ASKED)] if plain is Freed.NOBODY else []
    return [("", None), *asked, *((name, asking) for name in repaired_by(package, client) for asking in (None, Freed.ASKED))]


def facts_about(package: ModuleType, compiled: Compiled) -> list[Fact]:
    """What the properties rest on, of the facts of ``PROOFS``; or ``no_dangling`` where it is asked, or what a patch repairs."""
    facts: dict[str, Fact] = {f.name: f for f in import_module(package.PROOFS).facts(compiled)}
    if compiled.asks_dangling:
        return closure(facts, [NO_DANGLING] if NO_DANGLING in facts else [])
    repairs = repaired_by(package, compiled.client.name if compiled.client else "").get(compiled.variant)
    return closure(facts, repairs or [p.name for p in compiled.properties if p.name in facts])


def certificate_of(compiled: Compiled, proof: Proof) -> Certificate:
    """The certificate of the properties that ``proof`` proves with all they rest on."""
    facts = {f.name: f for f in proof.facts}
    weak = {o.fact for o in proof.failed()}
    proved = [p for p in compiled.properties if p.name in facts]
    proved = [p for p in proved if not weak & {f.name for f in closure(facts, [p.name])}]
    return Certificate(compiled.system.name, client_name(compiled), compiled.system, tuple(proved), proof)


def client_name(compiled: Compiled) -> str:
    """The folder of the certificate of a client, or of the whole model, with the variants that patch it.

    The steps of which ``no_dangling`` is asked have one of their own: ``udp.no_dangling``.
    """
    name = folder_name(compiled.client.name if compiled.client else compiled.system.name, compiled.variant)
    return f"{name}.{NO_DANGLING}" if compiled.asks_dangling else name


def folder_name(name: str, variant: str) -> str:
    """``udp``, or with a patch ``udp+udp_disconnect_locked``."""
    return "+".join([name, *variant.split(",")] if variant else [name])


def known_cores(folder: Path, facts: Sequence[Fact]) -> Cores:
    """The cores that the certificate in ``folder`` notes, if there is one."""
    scripts = {name: unpacked(name, data) for name, data in stored(folder).items() if name.startswith(FACTS_FOLDER)}
    return cores_in({name.removesuffix(".gz"): script.decode("ascii", "replace") for name, script in scripts.items()}, facts)


def certified(package: ModuleType, client: str, variant: str) -> tuple[str, ...]:
    """The properties of a client that a patch repairs and of which there is a certificate."""
    folder = Path(getattr(package, "CERTIFICATES", "")) / folder_name(client, variant)
    return tuple(p for p in repaired_by(package, client).get(variant, ()) if (folder / property_folder(p)).is_dir())


def files_of(certificate: Certificate) -> dict[str, bytes]:
    """The files of a certificate as they are stored; none if it proves nothing."""
    return packed(certificate_files(certificate)) if certificate.properties else {}


def packed(files: Mapping[str, str]) -> dict[str, bytes]:
    """The files as they are stored: obligations compressed, without time or name."""
    facts = {f"{name}.gz": gzip.compress(text.encode(), mtime=0) for name, text in files.items() if name.startswith(FACTS_FOLDER)}
    return {**facts, **{name: text.encode() for name, text in files.items() if not name.startswith(FACTS_FOLDER)}}


def unpacked(name: str, data: bytes) -> bytes:
    """The contents of a stored file, whatever its compression; of a damaged one, the bytes that are there."""
    try:
        return gzip.decompress(data) if name.endswith(".gz") else data
    except (OSError, EOFError):
        return data


def stored(folder: Path) -> dict[str, bytes]:
    """The files in ``folder``, by their paths in it."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def differences(files: Mapping[str, bytes], folder: Path) -> list[str]:
    """The files in ``folder`` that are not those of the certificate, missing and superfluous ones included."""
    there = stored(folder)
    same = {n for n in files.keys() & there.keys() if unpacked(n, files[n]) == unpacked(n, there[n])}
    return [str(folder / n) for n in sorted((files.keys() | there.keys()) - same)]


def store(files: Mapping[str, bytes], folder: Path) -> None:
    """Make ``folder`` hold ``files`` and nothing else; what has the right contents already is left alone."""
    for path in map(Path, differences(files, folder)):
        name = path.relative_to(folder).as_posix()
        if name in files:
            write_atomic(path, files[name])
        else:
            path.unlink()
            for parent in path.parents[: len(path.relative_to(folder).parts)]:
                if not any(parent.iterdir()):
                    parent.rmdir()


def stale(compiled: Compiled, proof: Proof, package: ModuleType) -> str:
    """What is wrong with the committed certificate of a client, with the way to repair it; empty if nothing is."""
    certificate = certificate_of(compiled, proof)
    wrong = differences(files_of(certificate), Path(package.CERTIFICATES) / certificate.client)
    more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return f"{wrong[0]}{more} differs from what the model gives: {FIX}" if wrong else ""


def certificate_folders(package: ModuleType) -> list[Path]:
    """The committed certificates of a package, the largest first: they take longest."""
    folders = [p for p in sorted(Path(package.CERTIFICATES).glob("*")) if p.is_dir()]
    return sorted(folders, key=lambda folder: -sum(map(len, stored(folder).values())))


def recheck(spec: str, folder: Path) -> Recheck:
    """Run the program ``RECHECK`` of a package on one of its certificates, in a process of its own."""
    command = [sys.executable, load_package(spec).RECHECK, "--jobs", "1", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONUTF8": "1"})
    return Recheck(done.returncode, tuple((done.stdout + done.stderr).splitlines()))


def together(parts: Sequence[Recheck]) -> Recheck | None:
    """What was said of several certificates; None of none."""
    return Recheck(max(p.status for p in parts), tuple(line for p in parts for line in p.lines)) if parts else None


def fact_table(certificate: Certificate) -> Table:
    """Per fact: how many it uses, how many obligations were posed and how many the frame settles, and what Z3 took."""
    table = Table(title=f"facts of {certificate.client}", title_justify="left", header_style="bold")
    table.add_column("fact")
    for title in ("uses", "obligations", "by frame", "seconds"):
        table.add_column(title, justify="right")
    by_fact: dict[str, list[Obligation]] = {}
    for o in certificate.proof.obligations:
        by_fact.setdefault(o.fact, []).append(o)
    for fact in certificate.facts:
        if not fact.assumed:
            own = by_fact[fact.name]
            framed = sum(o.result == "frame" for o in own)
            seconds = sum(o.seconds for o in own)
            table.add_row(fact.name, str(len(fact.others)), str(len(own) - framed), str(framed), f"{seconds:.2f}")
    return table
