"""Renders what validation found as one page a person can open; it names keys, never a person's data."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from orgsync.manifest import Manifest
from orgsync.settings import HOME
from orgsync.validation.quarantine import Verdict

MOST_ROWS_SHOWN = 500


def report_path(folder: Path, snapshot_id: str) -> Path:
    return folder / f"{snapshot_id}.html"


def write_report(folder: Path, manifest: Manifest, verdict: Verdict) -> Path:
    """Write the page beside those of the tenant's other snapshots; only the owner can read it."""
    path = report_path(folder, manifest.snapshot_id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(render_report(manifest, verdict), encoding="utf-8")
    path.chmod(0o600)
    return path


def render_report(manifest: Manifest, verdict: Verdict) -> str:
    pages = Environment(
        loader=FileSystemLoader(HOME / "include" / "templates"),
        autoescape=select_autoescape(["j2"], default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    findings = verdict.findings
    return pages.get_template("validation_report.html.j2").render(
        manifest=manifest,
        counts={
            "departments": len(verdict.tidy.departments),
            "people": len(verdict.tidy.users),
            "memberships": len(verdict.tidy.memberships),
        },
        findings=findings.head(MOST_ROWS_SHOWN).astype(object).where(findings.notna(), "").to_dict("records"),
        findings_count=len(findings),
        results=sorted(verdict.results, key=lambda result: (result.is_success, result.suite, result.column)),
        withheld=sorted(f"{name}.{column}" for name, columns in verdict.tidy.withheld.items() for column in columns),
        unobserved=sorted(f"{name}.{column}" for name, columns in verdict.tidy.unobserved.items() for column in columns),
    )
