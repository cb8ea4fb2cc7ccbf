-- Statistics over time ("r3"), owned by ocamonitor. docs/statistics.md describes them.

-- What the numbers in the other tables stand for.
CREATE TABLE oca_statistics.series (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name      text NOT NULL,
    subject   text NOT NULL,
    last_seen timestamptz NOT NULL,
    UNIQUE (name, subject)
);

-- A row holds the values of all series at one time: value[i] is of series[i].
CREATE TABLE oca_statistics.sample (
    at     timestamptz PRIMARY KEY,
    series integer[] NOT NULL,
    value  double precision[] NOT NULL,
    CHECK (cardinality(series) = cardinality(value))
);

-- What the samples from `at` on were in so many seconds.
CREATE TABLE oca_statistics.rollup (
    seconds integer NOT NULL CHECK (seconds IN (300, 3600, 86400)),
    at      timestamptz NOT NULL,
    series  integer[] NOT NULL,
    samples integer[] NOT NULL,
    low     double precision[] NOT NULL,
    mean    double precision[] NOT NULL,
    high    double precision[] NOT NULL,
    PRIMARY KEY (seconds, at)
);

-- Periods of which something is new since they were rolled up.
CREATE TABLE oca_statistics.pending (
    seconds integer NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (seconds, at)
);

-- Rows are written once and removed; compressing them costs more than it saves.
ALTER TABLE oca_statistics.sample ALTER COLUMN series SET STORAGE EXTERNAL, ALTER COLUMN value SET STORAGE EXTERNAL;
ALTER TABLE oca_statistics.rollup ALTER COLUMN series SET STORAGE EXTERNAL, ALTER COLUMN samples SET STORAGE EXTERNAL,
    ALTER COLUMN low SET STORAGE EXTERNAL, ALTER COLUMN mean SET STORAGE EXTERNAL, ALTER COLUMN high SET STORAGE EXTERNAL;

-- For people: a row for each value.
CREATE VIEW oca_statistics.sample_value AS
    SELECT s.at, n.name, n.subject, v.value
    FROM oca_statistics.sample s CROSS JOIN LATERAL unnest(s.series, s.value) AS v (id, value) JOIN oca_statistics.series n ON n.id = v.id;
CREATE VIEW oca_statistics.rollup_value AS
    SELECT r.seconds, r.at, n.name, n.subject, v.samples, v.low, v.mean, v.high
    FROM oca_statistics.rollup r CROSS JOIN LATERAL unnest(r.series, r.samples, r.low, r.mean, r.high) AS v (id, samples, low, mean, high)
        JOIN oca_statistics.series n ON n.id = v.id;
