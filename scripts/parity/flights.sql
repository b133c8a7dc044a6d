-- What both sides learn from: weeks 0-3 of 2001 to train, week 4 to test. Ties in time are ordered, so that rows have one order.
WITH flights AS (
  SELECT * FROM read_parquet('node_modules/vega-datasets/data/flights-3m.parquet')
  WHERE date < TIMESTAMP '2001-02-05'
),
airports AS (
  SELECT airport, row_number() OVER (ORDER BY airport) - 1 AS code
  FROM (SELECT origin AS airport FROM flights UNION SELECT destination FROM flights)
)
SELECT
  (delay > 15)::DOUBLE AS label,
  hour(date)::DOUBLE AS "hourOfDay",
  (hour(date) * 60 + minute(date))::DOUBLE AS "minuteOfDay",
  isodow(date)::DOUBLE AS "dayOfWeek",
  distance::DOUBLE AS distance,
  o.code::DOUBLE AS origin,
  d.code::DOUBLE AS destination,
  (date >= TIMESTAMP '2001-01-29')::DOUBLE AS test
FROM flights
JOIN airports o ON o.airport = origin
JOIN airports d ON d.airport = destination
ORDER BY date, origin, destination, delay, distance
