"""Writes scripts/parity/flights.sklearn.json. Run from the repository: python scripts/parity/flights.py
Needs scikit-learn and duckdb."""

import json
import pathlib

import duckdb
import numpy as np
import sklearn

from learners import compare

HERE = pathlib.Path(__file__).parent
columns = duckdb.sql((HERE / "flights.sql").read_text()).fetchnumpy()
features = ["hourOfDay", "minuteOfDay", "dayOfWeek", "distance", "origin", "destination"]
x = np.column_stack([columns[name] for name in features])
y = columns["label"]
test = columns["test"] == 1
categorical = np.array([name in ("origin", "destination") for name in features])

result = compare((x[~test], y[~test]), (x[test], y[test]), categorical)
rows = {"train": int((~test).sum()), "test": int(test.sum()), "lateInTest": float(y[test].mean())}
document = {"scikitLearn": sklearn.__version__, "rows": rows, **result}
(HERE / "flights.sklearn.json").write_text(json.dumps(document, indent=2) + "\n")
print(json.dumps(document, indent=2))
