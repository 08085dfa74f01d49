"""A headless Chromium, driven by chromedriver over plain WebDriver (https://www.w3.org/TR/webdriver2/)."""

import http.client
import json
import re
import subprocess
import threading
from typing import Any, List, Optional

from harness import tools
from harness.measuring import Failed

# As the browser tests of the program do. Without its own sandbox, since containers have none to give.
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1200,900"]
SECONDS_TO_ANSWER = 120


class Browser:
    """A window of a browser that nobody used before: nothing is cached."""

    def __init__(self) -> None:
        program = tools.on_path("chromedriver")
        if program is None:
            raise tools.Missing("there is no chromedriver: Debian's package chromium-driver has it")
        self.process = subprocess.Popen(
            [program, "--port=0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        self.session: Optional[str] = None
        try:
            self.link = http.client.HTTPConnection("127.0.0.1", self.port(), timeout=SECONDS_TO_ANSWER)
            wanted = {"goog:chromeOptions": {"args": FLAGS}, "goog:loggingPrefs": {"browser": "ALL"}}
            answer = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
            self.version = f"Chromium {answer['capabilities']['browserVersion']}"
            self.session = answer["sessionId"]
        except BaseException:
            self.stop()
            raise

    def port(self) -> int:
        for line in self.process.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                # Its pipe must not fill up.
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return int(found[1])
        raise Failed("chromedriver did not say its port")

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.ask("DELETE", f"/session/{self.session}")
        finally:
            self.stop()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def ask(self, method: str, path: str, body: Optional[dict] = None) -> Any:
        text = None if body is None else json.dumps(body)
        self.link.request(method, path, text, {"Content-Type": "application/json"})
        answer = self.link.getresponse()
        value = json.loads(answer.read())["value"]
        if answer.status != 200:
            raise Failed(f"chromedriver, {path.rpartition('/')[2]}: {value['message'][:1000]}")
        return value

    def post(self, command: str, body: dict) -> Any:
        return self.ask("POST", f"/session/{self.session}/{command}", body)

    def cdp(self, command: str, **parameters: Any) -> Any:
        """A command of Chromium's own protocol."""
        return self.post("goog/cdp/execute", {"cmd": command, "params": parameters})

    def before_pages(self, script: str) -> None:
        """Runs a script in every document to come, before any of its own."""
        self.cdp("Page.addScriptToEvaluateOnNewDocument", source=script)

    def open(self, url: str) -> None:
        self.post("url", {"url": url})

    def script(self, script: str, *arguments: Any) -> Any:
        """What a function's body returns; a promise is waited for."""
        return self.post("execute/sync", {"script": script, "args": list(arguments)})

    def text(self, css: str) -> str:
        """What an element says; empty if it is not there."""
        return self.script("return document.querySelector(arguments[0])?.textContent ?? ''", css)

    def act(self, *sources: dict) -> None:
        """Input as from devices, tick by tick."""
        self.post("actions", {"actions": list(sources)})

    def complaints(self) -> List[str]:
        """What the page wrote to the console as errors."""
        return [line["message"] for line in self.post("se/log", {"type": "browser"}) if line["level"] == "SEVERE"]
