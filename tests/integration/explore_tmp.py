from __future__ import annotations
import time, importlib, collections
import pytest
from orgsync.errors import *
from orgsync.platforms import PLATFORM_NAMES
from orgsync.platforms.hook import PlatformHook
from orgsync.platforms.transport import Patience
from tests.integration.world import World, world_on, set_platform

def no_waiting(monkeypatch, attempts=3):
    for name in PLATFORM_NAMES:
        module = importlib.import_module(f"orgsync.platforms.{name}.hook")
        for hook in [v for v in vars(module).values() if isinstance(v, type) and issubclass(v, PlatformHook) and v is not PlatformHook]:
            def build(self, connection, *, patience=None, _b=hook.build_client):
                c = _b(self, connection, patience=Patience(attempts=attempts, first_wait_seconds=0.01))
                c.transport.sleep = lambda s: time.sleep(min(s, 0.01))
                return c
            monkeypatch.setattr(hook, "build_client", build)

EVOLUTION = {"joined": 2, "left": 2, "moved": 2, "renamed": 500, "departments_renamed": 500, "departments_created": 1}
PARAM = {"dingtalk": "dept_id", "wecom": "department_id", "feishu": "department_id"}

KINDS = [("people", k, {}) for k in ["throttle","http_500","reset","truncated_json","html","busy","expired_token","forbidden_department","repeated_cursor","endless_has_more","lost_rows","empty","nul_in_name","orphan","cycle","duplicate_id","string_for_integer","null_for_list","missing_key"]]
KINDS += [("departments", k, {}) for k in ["expired_token","forbidden_department","repeated_cursor","endless_has_more","lost_rows","empty","nul_in_name","orphan","cycle","duplicate_id","string_for_integer","null_for_list","missing_key"]]
KINDS += [("people", "error_code", {"code": 987654, "status": 200}), ("people","missing_key",{"key":"userid"}), ("people","missing_key",{"key":"user_id"}),("people","missing_key",{"key":"name"}),("people","missing_key",{"key":"has_more"}),
  ("departments","missing_key",{"key":"name"}),("departments","missing_key",{"key":"dept_id"}),("departments","missing_key",{"key":"parent_id"}),("departments","missing_key",{"key":"id"}),("departments","missing_key",{"key":"parentid"}),("departments","missing_key",{"key":"open_department_id"}),("departments","missing_key",{"key":"parent_department_id"}),
  ("people","missing_key",{"key":"department"}),("people","missing_key",{"key":"department_ids"}),("people","missing_key",{"key":"dept_id_list"})]

def show(world, platform, label, specs, monkeypatch, settings={}):
    t=time.time()
    world.control("POST", "organization", {"people": 60, "seed": 7})
    for r in ("org.user_version, org.department_version, org.membership_version, ops.snapshot, ops.plan, ops.sync_run, ops.quarantine",):
        world.query(f"truncate {r} cascade")
    w = world
    w.sync()
    w.control("POST","evolve",EVOLUTION)
    if settings: w.control("PUT","settings",settings)
    for s in specs: w.control("POST","faults",s)
    t1=time.time()
    try:
        r = w.sync()
        out = f"ok {r['outcome']} {r['history_rows']}"
    except OrgsyncError as e:
        out = f"{type(e).__name__}: {str(e)[:300]}"
    except Exception as e:
        out = f"!!!! {type(e).__name__}: {str(e)[:600]}"
    t2=time.time()
    q = w.query("select entity, rule, count(*) from ops.quarantine where plan_id=(select max(plan_id) from ops.plan) group by 1,2 order by 1,2") if out.startswith("ok") else ""
    f = [(x["interface"],x["seen"],x["struck"]) for x in w.control("GET","faults")["faults"]]
    w.control("DELETE","faults")
    try:
        h = w.sync()
        heal = f"{h['outcome']} {h['history_rows']} {h['changes']}"
    except Exception as e:
        heal = f"HEALFAIL {type(e).__name__}: {str(e)[:300]}"
    print(f"[{platform}] {label} {f}\n      -> {out}\n      q={q}\n      heal={heal}  ({t2-t1:.2f}s {time.time()-t2:.2f})", flush=True)

@pytest.mark.parametrize("platform", PLATFORM_NAMES)
def test_explore(world: World, monkeypatch, platform):
    no_waiting(monkeypatch)
    import orgsync.platforms.dingtalk.client as d, orgsync.platforms.feishu.client as f
    monkeypatch.setattr(d, "MOST_PAGES", 20); monkeypatch.setattr(f, "MOST_PAGES", 20)
    w = world_on(world, monkeypatch, platform)
    truth = w.truth()
    members = collections.Counter(str(m["department_id"]) for m in truth["memberships"])
    root = next(d for d in truth["departments"] if d["kind"]=="company" and d["parent_id"] is None)
    dept = next(d for d in truth["departments"] if d["kind"]=="company" and d["parent_id"] is not None and members[str(d["id"])]>=3)
    for iface, kind, opts in KINDS:
        spec = {"interface": iface, "kind": kind, **opts}
        show(w, platform, f"{iface} {kind} {opts} lasting", [spec], monkeypatch)
        matched = dict(spec)
        if iface == "people" and platform != "wecom": matched["match"] = {PARAM[platform]: dept["id"]}
        elif iface == "departments" and platform != "wecom": matched["match"] = {PARAM[platform]: root["id"]}
        matched["times"] = 1
        show(w, platform, f"{iface} {kind} {opts} once", [matched], monkeypatch)
