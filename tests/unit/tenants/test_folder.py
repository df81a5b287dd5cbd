"""A folder of tenants files says what one file of all of them would, and a file that is broken costs its own tenants alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.errors import ConfigurationError
from orgsync.tenants import Stanzas, file, find_tenant, read_stanzas, read_stanzas_of, read_tenant, sources
from orgsync.tenants.sources import list_files


def stanza(tenant_id: str, more: str = "") -> str:
    return f"  - {{id: {tenant_id}, platform: wecom, conn_id: {tenant_id}{more}}}\n"


def write(folder: Path, **texts: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def ids(stanzas: Stanzas) -> list[str]:
    return [tenant.id for tenant in stanzas.tenants]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "tenants", b=f"tenants:\n{stanza('beta')}", a=f"tenants:\n{stanza('acme')}{stanza('alpha')}")


def test_files_are_read_by_name_and_what_is_hidden_or_an_editors_is_not(folder: Path) -> None:
    for name in (".a.yaml.swp", ".hidden.yaml", "b.yaml~", "#b.yaml#", "b.yaml.bak", "b.yml.orig", "README.md"):
        (folder / name).write_text("tenants: [", encoding="utf-8")
    (folder / "..data").symlink_to(folder)
    (folder / "old.yaml").mkdir()
    assert [each.name for each in list_files(folder)] == ["a.yaml", "b.yaml"]
    assert ids(read_stanzas(folder)) == ["acme", "alpha", "beta"]


def test_task_parses_its_own_stanza_alone(folder: Path) -> None:
    write(folder, **{f"t{number:03}": f"tenants:\n{stanza(f'other{number}')}" for number in range(50)})
    with (
        patch.object(file, "_read_stanza", wraps=file._read_stanza) as read,
        patch.object(file, "_list_stanzas", wraps=file._list_stanzas) as listed,
    ):
        assert read_tenant(folder, "beta").conn_id == "beta"
    assert (read.call_count, listed.call_count) == (1, 1)


def test_folder_of_nothing_is_no_folder_without_tenants(tmp_path: Path) -> None:
    """A generator that fails must not make a thousand tenants look like gone."""
    with pytest.raises(ConfigurationError, match=r"there is no file \*\.yaml in the folder .*tenants; write one, or set ORGSYNC_TENANTS"):
        read_stanzas(write(tmp_path / "tenants"))
    with pytest.raises(ConfigurationError, match="there is no tenants file"):
        read_stanzas(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"tenants:\n  - {id: gamma, platform: wecom\n  - id: 'delta'\n", "line 3: not YAML"),
        (b"# id: nobody\ntenants:\n  - id: gamma  # ours\n\tplatform: wecom\n  - {id: delta, conn_id: x}\n", "line 4: not YAML"),
        (b'{"tenants": [{"id": "gamma", "platform": "wecom"}, {"id": "delta"', "not YAML"),
        (b"tenant:\n  - id: gamma\n  - id: delta\n", "line 1: the file has no key 'tenant' (is 'tenants' meant?)"),
        ("tenants:\n  - id: gamma\n  - id: delta\n    owner: 人力\n".encode("gb18030"), "line 4: not UTF-8"),
    ],
)
def test_file_that_cannot_be_read_breaks_its_own_tenants(folder: Path, content: bytes, words: str) -> None:
    (folder / "c.yaml").write_bytes(content)
    stanzas = read_stanzas(folder)
    assert ids(stanzas) == ["acme", "alpha", "beta"]
    assert {broken.tenant_id for broken in stanzas.broken} == {"", "gamma", "delta"}
    assert not stanzas.names_all, "whoever else is in it is not gone"
    for tenant_id in ("gamma", "delta"):
        with pytest.raises(ConfigurationError) as caught:
            read_tenant(folder, tenant_id)
        assert words in str(caught.value)
        assert str(folder / "c.yaml") in str(caught.value)
    with pytest.raises(ConfigurationError) as caught:
        file.load_tenants(folder)
    assert len(str(caught.value).splitlines()) == 1
    assert read_tenant(folder, "beta").conn_id == "beta"


def test_file_of_nothing_and_link_to_nowhere_are_broken_files(folder: Path) -> None:
    (folder / "c.yaml").touch()
    (folder / "d.yaml").symlink_to(folder / "gone")
    stanzas = read_stanzas(folder)
    assert ids(stanzas) == ["acme", "alpha", "beta"]
    assert {str(broken) for broken in stanzas.broken} == {
        f"there is no tenants file {folder / 'd.yaml'}; write one, or set ORGSYNC_TENANTS",
        f"{folder / 'c.yaml'} is empty; write a list under the key `tenants`",
    }
    assert not stanzas.names_all


def test_tenant_that_a_broken_file_names_too_stays_whose_stanza_is_right(folder: Path) -> None:
    write(folder, c="tenants:\n  - id: beta\n  - [\n")
    assert ids(read_stanzas(folder)) == ["acme", "alpha", "beta"]
    assert read_tenant(folder, "beta").conn_id == "beta"


def test_tenant_of_two_files_is_refused_with_both_places(folder: Path) -> None:
    write(folder, c=f"tenants:\n{stanza('gamma')}{stanza('acme')}")
    stanzas = read_stanzas(folder)
    assert ids(stanzas) == ["alpha", "beta", "gamma"]
    [broken] = stanzas.broken
    assert str(broken) == (
        f"{folder / 'c.yaml'}, line 3: tenant 'acme' is there twice, first in line 2 of {folder / 'a.yaml'}; ids must differ"
    )
    with pytest.raises(ConfigurationError, match="is there twice"):
        read_tenant(folder, "acme")


def test_defaults_serve_all_files_and_a_files_own_its_stanzas_before(folder: Path) -> None:
    write(folder, defaults="defaults:\n  owner: it\n  timezone: Asia/Tokyo\n  budget: {leavers: {count: 3, percent: 4}}\n")
    write(folder, c=f"defaults: {{owner: people, budget: {{leavers: {{count: 5}}}}}}\ntenants:\n{stanza('gamma', ', timezone: UTC')}")
    told = {tenant.id: (tenant.owner, tenant.timezone, tenant.budget.leavers.count) for tenant in read_stanzas(folder).tenants}
    assert told == dict.fromkeys(("acme", "alpha", "beta"), ("it", "Asia/Tokyo", 3)) | {"gamma": ("people", "UTC", 5)}
    assert read_tenant(folder, "gamma").budget.leavers.percent == 4
    assert all(read_tenant(folder, tenant.id) == tenant for tenant in read_stanzas(folder).tenants)


def test_mistake_in_the_defaults_is_told_with_their_file(folder: Path) -> None:
    write(folder, defaults="defaults:\n  timezone: Asia/Peking\n", c=f"tenants:\n{stanza('gamma', ', timezone: UTC')}")
    stanzas = read_stanzas(folder)
    assert ids(stanzas) == ["gamma"]
    assert {str(broken) for broken in stanzas.broken} == {
        f"{folder / 'defaults.yaml'}, line 2: there is no timezone 'Asia/Peking'; write one like Asia/Shanghai"
    }


@pytest.mark.parametrize("text", ["defaults: {", "", "default: {}\n", "defaults: {id: acme}\n"])
def test_without_its_defaults_nothing_is_known_of_any_tenant(folder: Path, text: str) -> None:
    write(folder, defaults=text)
    for read in (read_stanzas, lambda path: read_stanzas_of(path, "acme")):
        with pytest.raises(ConfigurationError, match=r"defaults\.yaml"):
            read(folder)


@st.composite
def parts(draw: st.DrawFn) -> list[list[str]]:
    """Stanzas of some files, right and wrong ones, some with the same id."""
    name = st.sampled_from(["a", "b", "c", "d", "e"])
    each = st.builds(stanza, name, st.sampled_from(["", ", owner: x", ", ownr: x", ", timezone: Asia"])) | st.just(
        "  - {platform: wecom}\n"
    )
    return draw(st.lists(st.lists(each, min_size=1, max_size=3), min_size=1, max_size=4))


@given(parts(), st.sampled_from(["", "defaults: {language: zh, budget: {leavers: {count: 3}}}\n", "defaults: {timezone: Asia/Peking}\n"]))
def test_folder_says_what_one_file_of_all_would(tmp_path_factory: pytest.TempPathFactory, files: list[list[str]], defaults: str) -> None:
    home = tmp_path_factory.mktemp("same")
    whole = home / "tenants.yaml"
    whole.write_text(defaults + "tenants:\n" + "".join("".join(stanzas) for stanzas in files), encoding="utf-8")
    folder = write(home / "tenants", **{f"f{number}": f"tenants:\n{''.join(stanzas)}" for number, stanzas in enumerate(files)})
    if defaults:
        write(folder, defaults=defaults)
    one, many = read_stanzas(whole), read_stanzas(folder)
    assert (many.tenants, many.owners, many.names_all) == (one.tenants, one.owners, one.names_all)
    assert [strip(broken) for broken in many.broken] == [strip(broken) for broken in one.broken]
    for tenant_id in one.owners:
        assert outcome(lambda each=tenant_id: find_tenant(many, each)) == outcome(lambda each=tenant_id: read_tenant(folder, each))


def strip(broken: file.BrokenStanza) -> tuple[str, list[str]]:
    """Without places, which differ."""
    return broken.tenant_id, sorted(mistake.text.partition(", first in")[0] for mistake in broken.mistakes)


def outcome(ask: Callable[[], object]) -> object:
    try:
        return ask()
    except ConfigurationError as error:
        return str(error)


@contextmanager
def changing(change: Callable[[int], None]) -> Iterator[None]:
    """Somebody else changes something all the time meanwhile."""
    ended = threading.Event()

    def work() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            change(number)
            ended.wait(0.002)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        ended.set()
        worker.join()


def test_folder_that_is_replaced_by_a_link_is_read_as_of_one_moment(tmp_path: Path) -> None:
    names = [f"t{number}" for number in range(8)]
    for version in ("one", "two"):
        write(tmp_path / version, **{name: f"tenants:\n{stanza(name, f', owner: {version}')}" for name in names})
    link = tmp_path / "tenants"
    link.symlink_to("one")

    def change(number: int) -> None:
        new = tmp_path / "new"
        new.symlink_to(("one", "two")[number % 2])
        new.replace(link)

    with changing(change), patch.object(sources, "TRIES", 1000), patch.object(sources, "PAUSE_SECONDS", 0):
        for _ in range(50):
            stanzas = read_stanzas(link)
            assert ids(stanzas) == names
            assert len({tenant.owner for tenant in stanzas.tenants}) == 1


def test_file_that_is_replaced_is_the_old_one_or_the_new_one(folder: Path) -> None:
    def change(number: int) -> None:
        new = folder / ".b.yaml.new"
        new.write_text(f"tenants:\n{stanza('beta', f', owner: o{number}')}" + "# long\n" * 1000, encoding="utf-8")
        new.replace(folder / "b.yaml")

    with changing(change), patch.object(sources, "TRIES", 1000), patch.object(sources, "PAUSE_SECONDS", 0):
        for _ in range(50):
            assert ids(read_stanzas(folder)) == ["acme", "alpha", "beta"]
            assert read_tenant(folder, "beta").id == "beta"


def test_folder_that_never_comes_to_rest_is_told(folder: Path) -> None:
    looks = iter(range(10_000))
    with (
        patch.object(sources, "_look", lambda _: [next(looks)]),
        patch.object(sources, "PAUSE_SECONDS", 0),
        pytest.raises(ConfigurationError, match="is changed all the time, and could not be read as of one moment"),
    ):
        read_stanzas(folder)
