"""Feishu's long connection: binary frames over a connection that the app opened, with what it is told to wait and to ping."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import msgspec

from sandbox.events import ACKNOWLEDGED, Event
from sandbox.exchange import decode, encode
from sandbox.feishu.callback import body_of
from sandbox.feishu.frames import CONTROL, DATA, make_frame, read_frame
from sandbox.feishu.parameters import Parameters
from sandbox.feishu.tenant import Feishu
from sandbox.subscription import Admission, Frame, Heard, Rejection

PATH = "/callback/ws/connect"
SERVICE = 7
BUSY, AUTH_FAILED, NO_CREDENTIAL, TOO_MANY = 1, 514, 1000040344, 1000040350
DONE = 200


def open_endpoint(tenant: Feishu, parameters: Parameters) -> bytes:
    """Flat, and HTTP 200 for a refusal too."""
    settings, streams = tenant.settings, tenant.streams
    if streams.is_away:
        return _refusal(BUSY, "system busy")
    if not parameters.get("AppID") or not parameters.get("AppSecret"):
        return _refusal(NO_CREDENTIAL, "app_id or app_secret is null")
    if (parameters["AppID"], parameters["AppSecret"]) != (settings.client_id, settings.client_secret):
        return _refusal(AUTH_FAILED, "auth failed")
    if len(streams.connections) >= settings.most_streams:
        return _refusal(TOO_MANY, "the number of connections exceeded the limit")
    query = f"device_id={secrets.randbits(62)}&service_id={SERVICE}&ticket={streams.issue_ticket()}"
    found = {"URL": f"ws://{parameters['host']}{PATH}?{query}", "ClientConfig": client_config(tenant)}
    return encode({"code": 0, "msg": "", "data": found})


def client_config(tenant: Feishu) -> dict[str, int]:
    settings = tenant.settings
    return {
        "ReconnectCount": -1,
        "ReconnectInterval": settings.stream_reconnect_seconds,
        "ReconnectNonce": settings.stream_reconnect_jitter_seconds,
        "PingInterval": max(1, round(settings.stream_ping_seconds)),
    }


class FeishuStream:
    path = PATH

    def admit(self, tenant: Feishu, query: Mapping[str, str]) -> Admission | Rejection:
        device_id = query.get("device_id", "")
        if not device_id or device_id in tenant.streams.connections or not tenant.streams.redeem(query.get("ticket", "")):
            headers = {"handshake-status": str(AUTH_FAILED), "handshake-msg": "auth failed", "handshake-autherrcode": "0"}
            return Rejection(403, headers, "auth failed")
        return Admission(device_id)

    def make_frames(self, tenant: Feishu, event: Event, message_id: str) -> list[Frame]:
        """Plain JSON, as no key is needed here; the connection's own token is none."""
        payload = encode(body_of(event, tenant, token=""))
        most = tenant.settings.stream_frame_bytes or len(payload)
        pieces = [payload[start : start + most] for start in range(0, len(payload), most)]
        shared = {"type": "event", "message_id": message_id, "trace_id": secrets.token_hex(16), "sum": str(len(pieces))}
        log_id = secrets.randbits(62)
        return [make_frame(DATA, shared | {"seq": str(place)}, piece, service=SERVICE, log_id=log_id) for place, piece in enumerate(pieces)]

    def hear(self, tenant: Feishu, frame: Frame) -> Heard:
        found = read_frame(frame) if isinstance(frame, bytes) else None
        if found is None:
            return Heard()
        method, headers, payload = found
        if method == CONTROL:
            return Heard(reply=_pong(tenant)) if headers.get("type") == "ping" else Heard()
        return Heard(headers.get("message_id"), _outcome(payload))

    def keep_alive(self) -> Frame | None:
        """The app pings."""
        return None

    def farewell(self) -> Frame | None:
        return None


def _pong(tenant: Feishu) -> bytes:
    return make_frame(CONTROL, {"type": "pong"}, encode(client_config(tenant)), service=SERVICE)


def _outcome(payload: bytes) -> str:
    try:
        code = decode(payload).get("code")
    except (msgspec.DecodeError, UnicodeDecodeError, AttributeError):
        return "refused: no JSON with a code"
    return ACKNOWLEDGED if code == DONE else f"refused with code {code!r}"


def _refusal(code: int, message: str) -> bytes:
    return encode({"code": code, "msg": message})
