"""yaml-language-server, spoken to as an editor does: JSON-RPC over its pipes."""

import json
import shutil
import subprocess
from pathlib import Path

INSTALLED = Path(__file__).parents[2] / ".ci/editor/node_modules/yaml-language-server"
PROGRAM = INSTALLED / "bin/yaml-language-server"
SETTINGS = {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}}


def why_missing():
    """Why it cannot be tried here; empty where it can."""
    if shutil.which("node") is None:
        return "there is no node here"
    if not PROGRAM.exists():
        return "no yaml-language-server: npm install --prefix .ci/editor"
    return ""


class LanguageServer:
    """One server for some files."""

    def __init__(self):
        self._process = subprocess.Popen(
            ["node", str(PROGRAM), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._last = 0
        self._problems = {}
        documentation = {"documentationFormat": ["markdown"]}
        self._ask(
            "initialize",
            processId=None,
            rootUri=None,
            capabilities={
                "workspace": {"configuration": True},
                "textDocument": {"completion": {"completionItem": documentation}},
            },
        )
        self._send(method="initialized", params={})

    def close(self):
        self._process.kill()
        self._process.communicate()

    def open(self, path):
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1}
        text = path.read_text("utf-8")
        self._send(
            method="textDocument/didOpen", params={"textDocument": {**document, "text": text}}
        )

    def complete(self, path, line, character):
        """What may stand there: its text, and what is said of it."""
        found = self._ask("textDocument/completion", **_place(path, line, character))
        return {each["label"]: each.get("documentation") for each in found["items"]}

    def hover(self, path, line, character):
        found = self._ask("textDocument/hover", **_place(path, line, character))
        return found["contents"]["value"]

    def problems(self, path):
        """What is wrong in a file, once it has been looked at."""
        while path.as_uri() not in self._problems:
            self._read()
        return [each["message"] for each in self._problems[path.as_uri()]]

    def _ask(self, method, **params):
        self._last += 1
        self._send(id=self._last, method=method, params=params)
        while True:
            message = self._read()
            if message.get("id") == self._last and "method" not in message:
                return message["result"]

    def _send(self, **message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _read(self):
        """The next message; what the server itself asks for is answered."""
        length = 0
        while header := self._process.stdout.readline().strip():
            if header.lower().startswith(b"content-length:"):
                length = int(header.partition(b":")[2])
        assert length, "the server has ended"
        message = json.loads(self._process.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self._problems[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            items = message["params"].get("items", ())
            result = [SETTINGS if each.get("section") == "yaml" else None for each in items]
            self._send(id=message["id"], result=result or None)
        return message


def _place(path, line, character):
    return {
        "textDocument": {"uri": path.as_uri()},
        "position": {"line": line, "character": character},
    }
