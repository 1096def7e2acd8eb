"""Write the shipped names of countries and states: `python docs/places.py FOLDER`.

FOLDER holds, unpacked, the npm packages cldr-core, cldr-localenames-full and cldr-subdivisions-full, each
under its own name, and `iso3166-2.json` of the PyPI package iso3166-2. Run by hand on a new release.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

LISTS = Path(__file__).parent.parent / "domain/intake/vocabulary/lists"
HEAD = "# From Unicode CLDR {version} (Unicode License V3) and iso3166-2 (MIT), by docs/places.py; our own words are in places.txt.\n"


def read(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))


def countries(folder: Path) -> Iterator[tuple[str, str, list[str]]]:
    codes = read(folder / "cldr-core/supplemental/codeMappings.json")["supplemental"]["codeMappings"]
    names: dict[str, dict[str, None]] = {}
    for path in sorted((folder / "cldr-localenames-full/main").glob("*/territories.json")):
        (content,) = read(path)["main"].values()
        for key, name in content["localeDisplayNames"]["territories"].items():
            code = key.partition("-")[0]
            if len(code) == 2 and code.isalpha() and name.upper() != code and code in codes:
                names.setdefault(code, {})[name] = None
    for code in sorted(names):
        alpha3 = codes[code].get("_alpha3", "")
        if alpha3 and code not in ("ZZ", "EU", "EZ", "UN", "QO", "XA", "XB"):
            yield code, alpha3, list(names[code])


def states(folder: Path) -> Iterator[tuple[str, str, list[str]]]:
    within = read(folder / "cldr-core/supplemental/subdivisionContainment.json")
    tree = within["supplemental"]["subdivisionContainment"]
    deep: dict[str, str] = {}

    def walk(code: str, country: str) -> None:
        for child in tree.get(code, {}).get("_contains", ()):
            deep[child] = country
            walk(child, country)

    for code in tree:
        if len(code) == 2 and code.isupper():
            walk(code, code)
    names: dict[str, dict[str, None]] = {}
    for path in sorted((folder / "cldr-subdivisions-full/subdivisions").glob("*/*.json")):
        content = read(path)["subdivisions"]
        for key, name in content["localeDisplayNames"]["subdivisions"].items():
            names.setdefault(key, {})[name] = None
    top: dict[str, bool] = {key: key in tree[key[:2].upper()].get("_contains", ()) for key in deep}
    for country, found in read(folder / "iso3166-2.json").items():
        for code, part in found.items():
            key = code.replace("-", "").lower()
            top.setdefault(key, part["parentCode"] is None)
            local = re.sub(r"\([^()]*\)", "", part["localOtherName"] or "").split(",")
            written = [*re.split(r"[\[\]()]", part["name"]), *local]
            names.setdefault(key, {}).update(dict.fromkeys(one.strip(" *") for one in written if one.strip(" *")))
    for key in sorted(names):
        if key in top:
            level = "1" if top[key] else "2"
            yield key[:2].upper(), f"{key[2:].upper()}\t{level}", [one.strip("\u00b9\u00b2\u00b3*") for one in names[key]]


def main(folder: Path) -> None:
    version = read(folder / "cldr-core/package.json")["version"]
    for name, rows in (("countries", countries(folder)), ("states", states(folder))):
        lines = ["\t".join([first, second, ";".join(one.replace(";", ",").replace("\t", " ") for one in names)]) for first, second, names in rows]
        (LISTS / f"{name}.tsv").write_text(HEAD.format(version=version) + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
