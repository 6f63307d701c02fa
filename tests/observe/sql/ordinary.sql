SELECT count() FROM events
SELECT toDate(at) AS d, uniq(person), quantiles(0.5, 0.95)(value) FROM events WHERE name = '$launch' GROUP BY d ORDER BY d
SELECT name, countIf(value > 3) / count() AS share FROM events GROUP BY name ORDER BY name
SELECT props.kind::String AS kind, count() FROM events GROUP BY kind ORDER BY kind
SELECT props.n.:Int64 + 1 AS n FROM events WHERE props.kind = 'k1' ORDER BY n
SELECT e.props.deep.er.value, e.name FROM events AS e ORDER BY e.id LIMIT 3
SELECT props.^deep FROM events ORDER BY id LIMIT 2
SELECT props.items[1] FROM events ORDER BY id LIMIT 2
SELECT arrayMap(x -> x + 1, [1, 2, 3]), (1, 2).1, map('a', 1)['a']
SELECT arraySort((x, y) -> y, ['c', 'a'], [2, 1])
WITH x AS (SELECT name, count() AS n FROM events GROUP BY name) SELECT sum(n), max(name) FROM x
WITH (SELECT count() FROM events) AS total SELECT name, count() / total FROM events GROUP BY name ORDER BY name
WITH 2 AS two SELECT arrayMap(x -> x * two, [21])
WITH a AS (SELECT 1 AS n), b AS (SELECT n + 1 AS n FROM a) SELECT * FROM b
SELECT * EXCEPT (props, received) FROM events ORDER BY id LIMIT 2
SELECT * REPLACE ('x' AS person) FROM events ORDER BY id LIMIT 1
SELECT COLUMNS('^(name|value)$') FROM events ORDER BY id LIMIT 2
SELECT windowFunnel(3600)(toDateTime(at), name = '$launch', name = 'pay') FROM events GROUP BY person ORDER BY 1
SELECT retention(name = '$launch', name = 'pay') FROM events GROUP BY person ORDER BY 1
SELECT sequenceMatch('(?1)(?t<=60)(?2)')(toDateTime(at), name = '$launch', name = 'pay') AS m FROM events
SELECT e.person, r.message FROM events AS e JOIN errors AS r ON e.person = r.person ORDER BY e.id, r.id LIMIT 4
SELECT e.name FROM events AS e ANY LEFT JOIN errors AS r USING (person) ORDER BY e.id LIMIT 2
SELECT e.person FROM events AS e SEMI JOIN errors AS r ON e.person = r.person ORDER BY e.id LIMIT 2
SELECT e.id FROM events AS e ASOF JOIN errors AS r ON e.person = r.person AND e.at >= r.at ORDER BY e.id
SELECT e.name, n FROM events AS e ARRAY JOIN [1, 2] AS n ORDER BY e.id, n LIMIT 4
SELECT name, arrayJoin([1, 2]) AS n FROM events ORDER BY id, n LIMIT 3
SELECT person FROM events WHERE person IN (SELECT person FROM errors) GROUP BY person ORDER BY person
SELECT name FROM events WHERE (name, person) IN (('pay', 'p1'), ('pay', 'p2')) ORDER BY id
SELECT name FROM events WHERE name NOT IN ('pay') AND value BETWEEN 1 AND 5 ORDER BY id
SELECT DISTINCT name FROM events ORDER BY name
SELECT DISTINCT ON (name) name, person FROM (SELECT * FROM events ORDER BY id) ORDER BY name
SELECT name, person FROM events ORDER BY id LIMIT 1 BY name
SELECT name FROM events ORDER BY id LIMIT 2 OFFSET 3
SELECT name, value FROM events ORDER BY value DESC NULLS LAST, id LIMIT 2 WITH TIES
SELECT name, count() FROM events GROUP BY ALL ORDER BY ALL
SELECT name, count() AS n FROM events GROUP BY name HAVING n > 2 ORDER BY name
SELECT name, person, count() FROM events GROUP BY GROUPING SETS ((name), (person)) ORDER BY 1, 2
SELECT name, count() FROM events GROUP BY ROLLUP(name) ORDER BY 1, 2
SELECT name, sum(value) OVER (PARTITION BY name ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM events ORDER BY id
SELECT name, row_number() OVER w FROM events WINDOW w AS (PARTITION BY name ORDER BY id) ORDER BY id
SELECT name FROM events QUALIFY row_number() OVER (PARTITION BY name ORDER BY id) = 1 ORDER BY name
SELECT toUInt8(id) AS i, count() FROM events GROUP BY i ORDER BY i WITH FILL FROM 0 TO 12 STEP 2
SELECT 1 UNION ALL SELECT 1 UNION DISTINCT SELECT 2 ORDER BY 1
SELECT name FROM events INTERSECT SELECT 'pay'
SELECT name FROM events EXCEPT SELECT 'pay'
SELECT EXISTS (SELECT 1 FROM errors WHERE fatal)
SELECT CASE name WHEN 'pay' THEN 1 ELSE 2 END, CASE WHEN value > 2 THEN 'a' WHEN value > 1 THEN 'b' END FROM events ORDER BY id
SELECT value > 2 ? 'much' : 'little', if(value > 2, 1, 0), multiIf(value > 2, 'a', 'b') FROM events ORDER BY id
SELECT CAST(value AS Nullable(String)), value::Nullable(Int64) FROM events ORDER BY id
SELECT CAST('1' AS UInt8), '2'::Int16, toDecimal64(1.5, 2), CAST(1.25 AS Decimal(9, 2))
SELECT toDate('2026-01-31') + INTERVAL 1 MONTH, DATE '2026-01-01', toDateTime('2026-01-01 00:00:00', 'UTC') - INTERVAL 90 MINUTE
SELECT dateDiff('day', toDate('2026-01-01'), toDate('2026-02-01')), date_trunc('month', toDate('2026-01-31'))
SELECT date_diff(day, toDate('2026-01-01'), toDate('2026-02-01')), addDays(toDate('2026-01-01'), 3)
SELECT toStartOfInterval(at, INTERVAL 15 minute) AS t, count() FROM events GROUP BY t ORDER BY t
SELECT toStartOfHour(at, 'Asia/Shanghai'), formatDateTime(at, '%F %T', 'Asia/Shanghai') FROM events ORDER BY id LIMIT 1
SELECT extract('a1', '[a-z]+'), EXTRACT(YEAR FROM toDate('2026-05-01')), position('haystack', 'st'), substring('abc', 2, 1)
SELECT trim(BOTH 'x' FROM 'xax'), upper('a') || 'b', concat('a', 'b', 'c'), splitByChar(',', 'a,b'), replaceAll('aa', 'a', 'b')
SELECT 'it''s', 'it\'s', '\\', '\x41', 'a	b', '中文'
SELECT -1, - (1 + 2) * 3, 7 % 4, 7 / 2, intDiv(7, 2), 0x1F, 1e3, .5, 1_000, NULL, TRUE
SELECT NOT 1 = 2, 1 = 1 AND 0 OR 1, 1 <> 2, 1 != 2, NULL IS NULL, 1 IS NOT NULL, 'abc' LIKE 'a%', 'ABC' ILIKE 'a%', 'x' NOT LIKE 'y'
SELECT 1 <=> NULL, NULL IS NOT DISTINCT FROM NULL, xor(1, 0), bitAnd(6, 3), greatest(1, 2), coalesce(NULL, 1), ifNull(NULL, 2)
SELECT argMax(name, at), any(name) IN ('pay', '$launch'), groupArray(2)(id), topK(1)(name), quantileExact(0.9)(value) FROM (SELECT * FROM events ORDER BY id)
SELECT count(DISTINCT name), uniqExact(name), sumIf(value, name = 'pay'), avgOrNull(value), sumMap([1], [2]), maxIf(value, 1), countDistinct(person) FROM events
SELECT stddevPop(value), varSamp(value), corr(value, id), median(value), sumOrNull(value), anyLast(name) != '' FROM events
SELECT JSONExtractString(raw, 'a'), JSONExtract(raw, 'b', 'Array(UInt8)'), JSONHas(raw, 'c') FROM errors ORDER BY id
SELECT domain('https://a.example/x?y=1'), cutQueryString('https://a.example/x?y=1'), cityHash64('a'), hex('a')
SELECT toTypeName(1), formatReadableSize(1234), bar(1, 0, 2, 4), toString(1), length([1, 2]), empty('')
SELECT key, props.plan::String FROM people ORDER BY key
SELECT 1 AS `a b`, 2 AS "from", 3 AS `数量`, 4 AS select_
SELECT * FROM (SELECT 1 AS n, 'x' AS s) AS a CROSS JOIN (SELECT 2 AS m) AS b
FROM events SELECT count()
(SELECT 1 AS n) UNION ALL (SELECT 1)
SELECT name FROM events WHERE name = 'pay' -- a comment
SELECT /* here */ 1 /* and there */
SELECT sum(n) FROM (SELECT count() AS n FROM events UNION ALL SELECT count() FROM errors)
SELECT min2(1, 2), lower('A'), least(1, 2), round(1.25, 1), toInt32('5'), toFloat64('1.5'), now() > toDateTime(0)
SELECT IPv4NumToString(toUInt32(1)), isIPAddressInRange('10.0.0.1', '10.0.0.0/8'), tupleElement((1, 2), 2)
SELECT name, quantileTDigest(0.5)(value), quantilesExactIf(0.1, 0.9)(value, value > 0) FROM events GROUP BY name ORDER BY name
SELECT lagInFrame(name) OVER (ORDER BY id), first_value(name) OVER (ORDER BY id), rank() OVER (ORDER BY name) FROM events ORDER BY id
