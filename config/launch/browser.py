"""The browser of the tests: an installed Chrome or Chromium, or Debian's when we may install it."""

import os
import shutil
import subprocess
from pathlib import Path

from config.launch.messages import say

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find() -> str:
    """Return the program of an installed browser, empty when there is none."""
    for name in NAMES:
        if program := shutil.which(name):
            return program
    return next((place for place in PLACES if Path(place).exists()), "")


def has_chinese_font() -> bool:
    """Tell whether Chinese text shows as characters and not as boxes."""
    if shutil.which("fc-list") is None:
        return Path("/System/Library/Fonts").exists()
    listed = subprocess.run(["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip())


def ensure() -> tuple[str, str]:
    """Return (program, "") of a browser that can show Chinese, installing it where we may, or ("", why there is none)."""
    missing = [
        package for package, there in (("chromium", find()), ("fonts-noto-cjk", has_chinese_font())) if not there
    ]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"installing {' and '.join(missing)}")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *missing]):
            done = subprocess.run(["apt-get", *command], env=environment, capture_output=True, text=True, check=False)
            if done.returncode and command[0] == "install":
                reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
                return "", f"installing {' and '.join(missing)} failed: {reason[0]}"
    program = find()
    if not program:
        return "", "neither Chromium nor Chrome is installed"
    if not has_chinese_font():
        return "", "no font with Chinese characters is installed (Debian: fonts-noto-cjk)"
    return program, ""
