"""Check an exported opening with nothing but Python: ``python verify_opening.py opening-7.zip [FINGERPRINT]``.

Shows that the sealed sheets are those the opening wrote down, that each opened sheet is the one that was hashed then, that every
counted sheet and every household is there exactly once and in order, and that two people asked. FINGERPRINT is the number on
the page of the opening; without it nothing ties the file to the bank's system. Ends with status 1 when anything differs.
"""

import hashlib
import json
import sys
import zipfile

CELL, ENVELOPE = 256, 48


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 2):
        print("python verify_opening.py FILE.zip [FINGERPRINT]")  # noqa: T201  a program for a terminal
        return 2
    with zipfile.ZipFile(arguments[0]) as archive:
        faults, figures = check(archive, arguments[1] if len(arguments) == 2 else "")
    for line in faults or ["全部相符 everything agrees"]:
        print(line)  # noqa: T201  a program for a terminal
    print(json.dumps(figures, ensure_ascii=False))  # noqa: T201  a program for a terminal
    return 1 if faults else 0


def check(archive: zipfile.ZipFile, expected: str) -> tuple[list[str], dict[str, object]]:
    """Return the faults found, and the figures of the opening."""
    faults = []
    event_bytes = archive.read("event.json")
    event = json.loads(event_bytes)
    fingerprint = hashlib.sha256(event_bytes).hexdigest()
    if expected and expected.strip().lower() != fingerprint:
        faults.append(f"指纹不同 another fingerprint: {fingerprint}")
    households, sheets = event["households"], event["sheets"]
    counted = [sheet for sheet in sheets if sheet["state"] == "sealed"]
    if households != sorted(set(households)):
        faults.append("户的次序不对或有重复 households out of order or doubled")
    if [sheet["number"] for sheet in sheets] != sorted({sheet["number"] for sheet in sheets}):
        faults.append("评议表的次序不对或有重复 sheets out of order or doubled")
    if len({sheet["sheet"] for sheet in sheets}) != len(sheets) or len({sheet["sha256"] for sheet in sheets}) != len(
        sheets
    ):
        faults.append("同一份评议表出现两次 a sheet is there twice")
    if event["asked_by"] == event["seconded_by"]:
        faults.append("不是两个人申请的 not asked for by two people")
    if not event["asked_at"] <= event["seconded_at"] <= event["opened_at"]:
        faults.append("时间先后不对 the times are out of order")
    expected_files = {"event.json", "about.json"}
    expected_files |= {f"{folder}{sheet['number']:03d}{end}" for sheet in counted for folder, end in FILES}
    faults += [
        f"{name}: {'缺失 missing' if name in expected_files else '多出 not expected'}"
        for name in sorted(expected_files ^ set(archive.namelist()))
    ]
    for sheet in counted:
        faults += check_sheet(archive, sheet, households)
    return faults, {
        "fingerprint": fingerprint,
        "round": event["round"],
        "opened_at": event["opened_at"],
        "sheets counted": len(counted),
        "sheets withdrawn": len(sheets) - len(counted),
        "households": len(households),
        "opinions": len(counted) * len(households),
    }


FILES = (("sealed/", ".bin"), ("opened/", ".jsonl"))


def check_sheet(archive: zipfile.ZipFile, sheet: dict[str, str], households: list[int]) -> list[str]:
    """Return the faults of one counted sheet."""
    number = f"{int(sheet['number']):03d}"
    try:
        sealed, opened = archive.read(f"sealed/{number}.bin"), archive.read(f"opened/{number}.jsonl")
    except KeyError:
        return []  # named missing already
    faults = []
    if hashlib.sha256(sealed).hexdigest() != sheet["sha256"]:
        faults.append(f"sealed/{number}.bin: 不是开启时的那一份 not the one that was opened")
    if len(sealed) != CELL * (len(households) + 1) + ENVELOPE:
        faults.append(f"sealed/{number}.bin: 大小不对 wrong size")
    if hashlib.sha256(opened).hexdigest() != sheet["content"]:
        faults.append(f"opened/{number}.jsonl: 与开启时记下的不符 differs from what the opening wrote down")
    try:
        rows = [json.loads(line) for line in opened.decode("ascii").splitlines()]
        if [row[0] for row in rows] != households:
            faults.append(f"opened/{number}.jsonl: 户不齐、重复或次序不对 households missing, doubled or out of order")
    except (ValueError, LookupError, TypeError):
        faults.append(f"opened/{number}.jsonl: 无法读出 cannot be read")
    return faults


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
