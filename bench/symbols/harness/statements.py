"""SQL for `bigserver`: many kinds of statements, each also nested ever deeper, so that many stacks allocate.

A planner works by recursion, so an expression one level deeper is allocated from stacks that no other has.
"""

from typing import Callable, Iterator, List

PLAIN = [
    "SELECT host, count(*), avg(value), stddev(value), approx_distinct(path) FROM t GROUP BY host ORDER BY 2 DESC",
    "SELECT a.host, b.path, sum(a.value) FROM t a JOIN t b ON a.id = b.id + 7 WHERE b.value > 10 GROUP BY 1, 2",
    "SELECT id, value, row_number() OVER (PARTITION BY host ORDER BY value), "
    "lag(value) OVER (PARTITION BY path ORDER BY id) FROM t",
    "SELECT regexp_replace(path, '([a-z]+)', '<\\1>'), upper(host), date_trunc('hour', to_timestamp(id)) FROM t "
    "ORDER BY 1 LIMIT 5000",
    "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 50) "
    "SELECT i, (SELECT max(value) FROM t) FROM n",
    "SELECT host, array_agg(path ORDER BY value), approx_percentile_cont(0.9) WITHIN GROUP (ORDER BY value) FROM t "
    "GROUP BY host",
    "SELECT * FROM t WHERE path IN (SELECT path FROM t GROUP BY path HAVING count(*) > 3) "
    "UNION SELECT * FROM t WHERE value < 5",
    "SELECT CASE WHEN value > 50 THEN 'high' ELSE 'low' END, cast(value AS decimal(10,2)), md5(path), "
    "substr(host, 2, 3) FROM t",
    "EXPLAIN ANALYZE SELECT host, path, sum(value) FROM t GROUP BY CUBE (host, path)",
    "EXPLAIN VERBOSE SELECT host, sum(value) FROM t WHERE id % 7 = 3 GROUP BY host HAVING sum(value) > 10 ORDER BY 1",
    "CREATE OR REPLACE TABLE small AS SELECT * FROM t WHERE id < 2000",
    "CREATE OR REPLACE VIEW wide AS SELECT t.*, small.value * 2 AS twice FROM t LEFT JOIN small ON t.id = small.id",
    "SELECT host, max(twice) FROM wide GROUP BY host",
    "SELECT a.id FROM small a FULL JOIN small b ON a.id = b.id + 900 AND a.value > b.value",
    "SELECT count(*) FROM small a CROSS JOIN small b WHERE a.id < 40 AND b.id < 40",
    "SELECT a.id FROM small a JOIN small b ON a.value < b.value AND a.id > 1990",
    "SELECT id FROM small EXCEPT SELECT id FROM small WHERE host = 'host3'",
    "SELECT id FROM small INTERSECT SELECT id FROM small WHERE host LIKE '%1%'",
    "SELECT id FROM small s WHERE EXISTS (SELECT 1 FROM t WHERE t.id = s.id * 2 AND t.value > 100)",
    "SELECT unnest(array_agg(DISTINCT path)) FROM small GROUP BY host",
    "SELECT named_struct('a', id, 'b', make_array(value, value * 2)) FROM small",
    "SELECT host, path, sum(value) FROM small GROUP BY GROUPING SETS ((host), (path), ())",
    "SELECT host, path, count(DISTINCT id) FROM small GROUP BY ROLLUP (host, path)",
    "SELECT *, sum(value) OVER (ORDER BY id ROWS BETWEEN 5 PRECEDING AND 5 FOLLOWING) FROM small",
    "SELECT DISTINCT ON (host) host, path, value FROM small ORDER BY host, value DESC",
    "INSERT INTO small SELECT id + 100000, host, path, value FROM small WHERE id < 100",
    "DESCRIBE t",
]

SCALARS = (
    "abs acos asin atan cbrt ceil cos cosh degrees exp floor isnan ln log10 log2 radians round signum sin sinh sqrt tan "
    "tanh trunc"
).split()
STRINGS = (
    "ascii bit_length btrim character_length chr initcap lower ltrim md5 octet_length reverse rtrim sha256 sha512 trim "
    "upper"
).split()
AGGREGATES = (
    "approx_distinct approx_median avg bit_and bit_or bit_xor count max median min stddev stddev_pop sum var_pop "
    "var_samp array_agg first_value last_value"
).split()
WINDOWS = "row_number rank dense_rank percent_rank cume_dist".split()


def by_function() -> Iterator[str]:
    for name in SCALARS:
        yield f"SELECT {name}(value / 500) FROM small WHERE {name}(value / 500) IS NOT NULL ORDER BY 1 LIMIT 10"
    for name in STRINGS:
        argument = "id % 1000" if name == "chr" else "path"
        yield f"SELECT {name}({argument}), count(*) FROM small GROUP BY 1"
    for name in AGGREGATES:
        yield f"SELECT host, {name}(id) FROM small GROUP BY host"
        yield f"SELECT id, {name}(id) OVER (PARTITION BY host ORDER BY value) FROM small"
    for name in WINDOWS:
        yield f"SELECT id, {name}() OVER (PARTITION BY host ORDER BY value DESC NULLS LAST) FROM small"


def nested(depth: int) -> Iterator[str]:
    """The same kinds of nesting, `depth` levels deep."""
    yield f"SELECT {wrapped('value', depth, lambda n, inner: f'value + {n} * ({inner})')} FROM small"
    yield f"SELECT {wrapped('0', depth, case)}, count(*) FROM small GROUP BY 1"
    calls = ("upper({})", "concat({}, 'x')", "reverse({})", "replace({}, 'a', 'b')")
    yield f"SELECT {wrapped('path', depth, lambda n, inner: calls[n % 4].format(inner))} FROM small"
    arrays = ("make_array({})", "array_append({}, NULL)", "array_reverse({})", "array_concat({0}, {0})")
    yield f"SELECT {wrapped('make_array(id)', min(depth, 6), lambda n, inner: arrays[n % 4].format(inner))} FROM small"
    where = " AND ".join(f"(id % {n + 2} <> 1 OR host <> 'host{n}')" for n in range(depth + 1))
    yield f"SELECT count(*) FROM small WHERE {where}"
    yield wrapped("SELECT id, host, value FROM small", depth, group)
    yield wrapped("SELECT id, host, value FROM small", depth, window)
    yield wrapped("SELECT id, host, value FROM small", depth, limit)
    yield wrapped("SELECT id, value FROM small WHERE id < 300", min(depth, 8), join)
    yield wrapped("SELECT id FROM small WHERE id < 300", min(depth, 8), member)
    parts = (f"(SELECT id, value FROM small WHERE id % {n + 2} = 0 ORDER BY value LIMIT 9)" for n in range(depth + 1))
    yield " UNION ALL ".join(parts)


def wrapped(text: str, depth: int, wrap: Callable[[int, str], str]) -> str:
    for level in range(depth):
        text = wrap(level, text)
    return text


def case(n: int, inner: str) -> str:
    return f"CASE WHEN id % {n + 2} = 0 THEN {n} ELSE {inner} END"


def group(n: int, inner: str) -> str:
    return f"SELECT id, host, max(value) AS value FROM ({inner}) q{n} WHERE id > {n} GROUP BY id, host"


def window(n: int, inner: str) -> str:
    return f"SELECT id, host, sum(value) OVER (PARTITION BY host ORDER BY id + {n}) AS value FROM ({inner}) q{n}"


def limit(n: int, inner: str) -> str:
    order = ("value DESC", "host, id", "id % 5")[n % 3]
    return f"SELECT id, host, value FROM ({inner}) q{n} ORDER BY {order} LIMIT {1500 - 9 * n}"


def join(n: int, inner: str) -> str:
    kind = ("JOIN", "LEFT JOIN", "FULL JOIN")[n % 3]
    return f"SELECT l{n}.id, l{n}.value FROM ({inner}) l{n} {kind} small r{n} ON l{n}.id = r{n}.id"


def member(n: int, inner: str) -> str:
    return f"SELECT id FROM small s{n} WHERE id {('IN', 'NOT IN')[n % 2]} ({inner})"


# Settings under which the same statements are planned and run in other ways.
SETTINGS = (
    (),
    ("optimizer.prefer_hash_join = false", "optimizer.repartition_aggregations = false"),
    ("execution.batch_size = 256", "optimizer.repartition_joins = false", "optimizer.repartition_sorts = false"),
    ("optimizer.max_passes = 1", "optimizer.enable_round_robin_repartition = false", "execution.coalesce_batches = false"),
)


def statements(depth: int, settings: int) -> str:
    """All kinds, and nestings of up to `depth` levels, under so many settings; each ends with `;` and a newline."""
    found: List[str] = []
    for setting in SETTINGS[:settings]:
        found.extend(f"SET datafusion.{change}" for change in setting)
        found.extend((*PLAIN, *by_function()))
        for level in range(1, depth + 1):
            found.extend(nested(level))
    return "".join(f"{statement};\n" for statement in found)
