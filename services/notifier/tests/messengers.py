"""A stand-in at the wire for the servers of WeCom, DingTalk and Feishu: a real HTTP server that holds to what they document."""

import base64
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

SECRET = "SEC/of+the=robot"  # of nobody's
KEY = "canary-key-of-a-robot"
CORP, CORP_SECRET, AGENT = "ww-corp", "corp/secret", 1000002
HOUR = 3600

Answer = dict[str, Any]


class Messenger:
    """One server; `said` is what it let through, by robot or member."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.asked: Counter[str] = Counter()
        """How often each call was made, whatever came of it."""
        self.lately: Counter[str] = Counter()
        """What each robot was asked within the minute; whoever turns the clock empties it."""
        self.members = {"canary.teacher@school.test": "t-one"}
        self.hidden: set[str] = set()
        """The members whom the application is not shown to."""
        self.tokens: list[str] = []
        self.dies_at: str | None = None
        self.answers: tuple[int, bytes] | None = None
        """What it answers whatever is asked: a status and a body."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def robot(self, name: str, secret: str = SECRET, key: str = KEY) -> str:
        """The address of a robot as an operator writes it."""
        signs = f"#{quote(secret, safe='')}" if name != "wecom_robot" else ""
        return f"{self.url}{PATHS[name].format(key=key)}{signs}"

    @property
    def app(self) -> str:
        """The address of the application as an operator writes it."""
        return f"http://{CORP}:{quote(CORP_SECRET, safe='')}@{self.url.removeprefix('http://')}/{AGENT}"

    def answer(self, call: str, query: dict[str, str], body: Answer) -> Answer:
        """Answer one call as the documents say."""
        if call == "/robot/send":
            return self._dingtalk(query, body)
        if call.startswith("/open-apis/bot/v2/hook/"):
            return self._feishu(call.rpartition("/")[2], body)
        if call == "/cgi-bin/webhook/send":
            return self._wecom_robot(query, body)
        return self._wecom_app(call, query, body)

    def _dingtalk(self, query: dict[str, str], body: Answer) -> Answer:
        robot = query["access_token"]
        self.lately[robot] += 1
        if self.lately[robot] > 20:
            return {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}
        wanted = hmac.new(SECRET.encode(), f"{query['timestamp']}\n{SECRET}".encode(), hashlib.sha256).digest()
        fresh = abs(time.time() * 1000 - int(query["timestamp"])) < HOUR * 1000
        if not fresh or base64.b64decode(query["sign"]) != wanted:
            return {"errcode": 310000, "errmsg": "sign not match, more: [https://…]"}
        self.said.append((robot, body["text"]["content"]))
        return {"errcode": 0, "errmsg": "ok"}

    def _feishu(self, robot: str, body: Answer) -> Answer:
        self.lately[robot] += 1
        if self.lately[robot] > 100:
            return {"code": 11232, "msg": "frequency limited psm[lark.oapi.app_platform_runtime]"}
        if len(json.dumps(body, ensure_ascii=False).encode()) > 20 * 1024:
            return {"code": 9499, "msg": "Bad Request"}
        wanted = hmac.new(f"{body['timestamp']}\n{SECRET}".encode(), b"", hashlib.sha256).digest()
        fresh = abs(time.time() - int(body["timestamp"])) < HOUR
        if not fresh or base64.b64decode(body["sign"]) != wanted:
            return {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"}
        assert body["msg_type"] == "text"
        self.said.append((robot, body["content"]["text"]))
        return {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}

    def _wecom_robot(self, query: dict[str, str], body: Answer) -> Answer:
        robot = query["key"]
        self.lately[robot] += 1
        if self.lately[robot] > 20:
            return {"errcode": 45009, "errmsg": "api freq out of limit"}
        if not robot.startswith(KEY):
            return {"errcode": 93000, "errmsg": "invalid webhook url"}
        if len(body["text"]["content"].encode()) > 2048:
            return {"errcode": 40058, "errmsg": "text.content exceed max length 2048"}
        self.said.append((robot, body["text"]["content"]))
        return {"errcode": 0, "errmsg": "ok"}

    def _wecom_app(self, call: str, query: dict[str, str], body: Answer) -> Answer:
        if call == "/cgi-bin/gettoken":
            if (query["corpid"], query["corpsecret"]) != (CORP, CORP_SECRET):
                return {"errcode": 40001, "errmsg": "invalid credential"}
            self.tokens.append(f"token-{len(self.tokens)}")
            return {"errcode": 0, "errmsg": "ok", "access_token": self.tokens[-1], "expires_in": 7200}
        if query["access_token"] not in self.tokens[-1:]:
            return {"errcode": 42001, "errmsg": "access_token expired"}
        if call == "/cgi-bin/user/get_userid_by_email":
            member = self.members.get(body["email"])
            return {"errcode": 0, "userid": member} if member else {"errcode": 46004, "errmsg": "user no exist"}
        assert call == "/cgi-bin/message/send"
        assert body["agentid"] == AGENT
        if len(body["text"]["content"].encode()) > 2048:
            return {"errcode": 45002, "errmsg": "content size out of limit"}
        if body["touser"] in self.hidden:
            return {"errcode": 0, "errmsg": "ok", "invaliduser": body["touser"]}
        self.said.append((body["touser"], body["text"]["content"]))
        return {"errcode": 0, "errmsg": "ok", "invaliduser": "", "msgid": "m"}

    def turn_the_clock(self) -> None:
        """Let a minute go by."""
        self.lately.clear()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Answer for as long as the context lasts."""
        thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


PATHS = {
    "dingtalk_robot": "/robot/send?access_token={key}",
    "feishu_robot": "/open-apis/bot/v2/hook/{key}",
    "wecom_robot": "/cgi-bin/webhook/send?key={key}",
}


def _handler_of(messenger: Messenger) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def do_GET(self) -> None:
            # A call that is to be posted has no such body: WeCom tells its token to GET alone.
            assert urlsplit(self.path).path == "/cgi-bin/gettoken"
            self._answer({})

        def _answer(self, body: Answer) -> None:
            called = urlsplit(self.path)
            messenger.asked[called.path] += 1
            query = {name: values[0] for name, values in parse_qs(called.query).items()}
            status, said = 200, json.dumps(messenger.answer(called.path, query, body)).encode()
            if messenger.dies_at and called.path.startswith(messenger.dies_at):
                self.close_connection = True
                self.connection.close()
                return
            if messenger.answers:
                status, said = messenger.answers
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

        def finish(self) -> None:
            if not self.connection._closed:  # type: ignore[attr-defined]  # a socket that died has nothing to flush to
                super().finish()

    return Handler
