/*
 * Simulated months of firmware activations and outages, of which the truth is
 * known: what poa.genuine is worth, and what it costs.
 *
 * Hubs 0, 1, 2, ... are 30 to a low-voltage feeder and 300 to a circuit, one
 * meter on each.  Four in ten meters are listed; two in a hundred are of the same
 * make and updated likewise, but not tracked.  Eight nights a month have
 * a campaign.  Power goes 9 to 12 minutes after an activation, for 4 to 6, both
 * by firmware, and later and longer where the flash has aged.  A hub sends its
 * AD1 three minutes later, which some minutes delay now and then, and the meter
 * its restoration.  Customers lose power 0.45 times a year, mostly a feeder or
 * a phase of it or a circuit at once; some nights have a storm.
 *
 * Randomness is a hash of a seed and of what it is about.
 */
CREATE SCHEMA sim;

CREATE FUNCTION sim.meter(n bigint) RETURNS guid LANGUAGE sql IMMUTABLE
RETURN (x'00DB123400000000'::bigint + n * 2654435761 % 4294967296)::guid;
CREATE FUNCTION sim.hub(n bigint) RETURNS guid LANGUAGE sql IMMUTABLE
RETURN (x'0088738400000000'::bigint + n * 2246822519 % 4294967296)::guid;
CREATE FUNCTION sim.mpan(n bigint) RETURNS text LANGUAGE sql IMMUTABLE
RETURN (10 + n / 300 % 14) || lpad(n::text, 11, '0');

/* 0 to 1, the same for the same arguments */
CREATE FUNCTION sim.r(seed bigint, what text, n bigint) RETURNS double precision LANGUAGE sql IMMUTABLE
RETURN (hashint8extended(n, hashtextextended(what, seed)) & 9007199254740991)::double precision / 9007199254740992;
/* with a mean, most less and few much more */
CREATE FUNCTION sim.few(mean interval, r double precision) RETURNS interval LANGUAGE sql IMMUTABLE
RETURN mean * -ln(1 - r);

CREATE TABLE sim.home (n bigint PRIMARY KEY, hub guid, meter guid, mpan text, kind text, firmware smallint);
CREATE TABLE sim.outage (hub bigint, start timestamptz, length interval, cause text, activates_at timestamptz, at timestamptz, restored_at timestamptz);
CREATE INDEX ON sim.outage (hub);
CREATE TABLE alerts (alert_code text NOT NULL, chf guid, device guid, mpxn text, received_at timestamptz NOT NULL, started timestamptz);
CREATE INDEX ON alerts (chf, received_at);
CREATE INDEX ON alerts (device, received_at);
CREATE INDEX ON alerts (received_at);

CREATE PROCEDURE sim.make_world(hubs integer) LANGUAGE sql AS $$
	INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
	INSERT INTO sim.home
	SELECT n, sim.hub(n), sim.meter(n), sim.mpan(n),
		CASE WHEN k.r < 0.4 THEN 'listed' WHEN k.r < 0.42 THEN 'untracked' ELSE 'other' END, n / 30 % 2
	FROM generate_series(0, hubs - 1) AS n CROSS JOIN LATERAL (SELECT sim.r(0, 'kind', n)) AS k (r);
	INSERT INTO poa.device SELECT meter, 'ESME', 2, CASE WHEN kind = 'other' THEN '1125' ELSE '1063' END, hub, mpan FROM sim.home;
	INSERT INTO poa.guid_list SELECT meter FROM sim.home WHERE kind = 'listed';
	INSERT INTO poa.hub_group
	SELECT hub, 'lv', 'F' || n / 30 FROM sim.home UNION ALL SELECT hub, 'hv', 'C' || n / 300 FROM sim.home;
	ANALYZE poa.device, poa.hub_group, sim.home;
	SELECT poa.attach('alerts', device => 'device', started => 'started');
$$;

/*
 * A month.  activations: of listed meters; together: circuit by circuit, each
 * within ten minutes, instead of scattered over the night; slower: so much
 * later than usual the power goes; lost: share of the restorations; storms:
 * nights with one; others: alerts that have nothing to do with it.
 */
CREATE PROCEDURE sim.make_month(month timestamptz, seed bigint, activations integer, lost double precision,
	together boolean DEFAULT false, slower interval DEFAULT '0', storms integer DEFAULT 2, others integer DEFAULT 0) LANGUAGE plpgsql AS $$
DECLARE
	homes bigint := (SELECT count(*) FROM sim.home);
	listed bigint := (SELECT count(*) FROM sim.home WHERE kind = 'listed');
BEGIN
	CREATE TEMP TABLE activation AS
	SELECT h.n, h.kind, h.firmware,
		date_trunc('second', month + floor(a.night * 8) * interval '3 days 18 hours' + interval '5 hours' * a.hour + interval '10 minutes' * a.spread) AS at
	FROM sim.home AS h
	CROSS JOIN LATERAL (
		SELECT CASE WHEN together THEN sim.r(seed, 'turn', h.n / 300) ELSE sim.r(seed, 'turn', h.n) END AS turn,
			CASE WHEN together THEN sim.r(seed, 'night', h.n / 300) ELSE sim.r(seed, 'night', h.n) END AS night,
			CASE WHEN together THEN sim.r(seed, 'hour', h.n / 300) ELSE sim.r(seed, 'hour', h.n) END AS hour,
			CASE WHEN together THEN sim.r(seed, 'spread', h.n) ELSE 0 END AS spread
	) AS a
	WHERE h.kind <> 'other' AND a.turn < activations::double precision / listed;

	/* what takes power from whom: a feeder, a phase of it, a circuit, a home */
	CREATE TEMP TABLE event AS
	SELECT e.kind, floor(sim.r(seed, e.kind || e.storm, e.n) * e.of)::bigint AS id, (sim.r(seed, 'phase' || e.storm, e.n) * 6)::integer AS phase,
		CASE WHEN e.storm THEN month + e.n % storms * interval '3 days 18 hours' + interval '5.5 hours' * sim.r(seed, 'time' || e.kind, e.n)
			ELSE month + interval '30 days' * sim.r(seed, 'when' || e.kind, e.n) END AS start,
		interval '4 minutes' + sim.few('1 hour', sim.r(seed, 'length' || e.kind || e.storm, e.n)) AS length
	FROM (
		SELECT 'circuit' AS kind, false AS storm, homes / 300 AS of, generate_series(1, ceil(homes / 300 * 0.25 / 12)::integer) AS n
		UNION ALL SELECT 'feeder', false, homes / 30, generate_series(1, ceil(homes / 30 * 0.25 / 12)::integer)
		UNION ALL SELECT 'home', false, homes, generate_series(1, ceil(homes * 0.05 / 12)::integer)
		UNION ALL SELECT 'circuit', true, homes / 300, generate_series(1, storms * ceil(homes / 300 * 0.25)::integer)
		UNION ALL SELECT 'feeder', true, homes / 30, generate_series(1, storms * ceil(homes / 30 * 0.15)::integer)
		UNION ALL SELECT 'home', true, homes, generate_series(1, storms * ceil(homes * 0.01)::integer)
	) AS e;

	CREATE TEMP TABLE genuine AS
	SELECT g.n, g.start, g.length, g.cause FROM (
	SELECT g.*, lag(g.start + g.length) OVER (PARTITION BY g.n ORDER BY g.start, g.length) AS back FROM (
		SELECT h.n, date_trunc('second', e.start + interval '3 seconds' * sim.r(seed, 'clock', h.n)) AS start, e.length,
			CASE e.kind WHEN 'home' THEN 'home' ELSE 'area' END AS cause
		FROM event AS e
		CROSS JOIN LATERAL (
			SELECT g.n FROM generate_series(e.id * 300, e.id * 300 + 299) AS g (n) WHERE e.kind = 'circuit'
			UNION ALL SELECT g.n FROM generate_series(e.id * 30, e.id * 30 + 29) AS g (n) WHERE e.kind = 'feeder' AND (e.phase > 2 OR g.n % 3 = e.phase)
			UNION ALL SELECT e.id WHERE e.kind = 'home'
		) AS h (n)
		WHERE h.n < homes
	) AS g
	) AS g
	/* what is dark does not go dark */
	WHERE g.start > g.back + interval '10 minutes' IS NOT FALSE;
	ANALYZE genuine;

	CREATE TEMP TABLE dark AS
	WITH reboot AS (
		SELECT a.n, a.at AS activates_at, date_trunc('second', a.at + slower + CASE a.firmware
				WHEN 0 THEN interval '9 minutes' + interval '3 minutes' * sim.r(seed, 'begin', a.n)
				ELSE interval '9.5 minutes' + interval '2 minutes' * sim.r(seed, 'begin', a.n) END
				+ CASE WHEN sim.r(0, 'flash', a.n) < 0.05 THEN interval '90 seconds' * sim.r(seed, 'aged', a.n) ELSE '0' END) AS start,
			interval '4 minutes' + interval '2 minutes' * sim.r(seed, 'length', a.n)
				+ CASE WHEN sim.r(0, 'flash', a.n) < 0.05 THEN interval '3 minutes' * sim.r(seed, 'aged long', a.n) ELSE '0' END AS length
		FROM activation AS a
		WHERE sim.r(seed, 'cuts', a.n) < 0.856
	)
	/* without power no meter reboots; one that loses it while it does comes back with it */
	SELECT DISTINCT ON (r.n) r.n, r.activates_at, r.start,
		CASE WHEN g.start < r.start + r.length THEN g.start + g.length - r.start ELSE r.length END AS length,
		CASE WHEN g.start < r.start + r.length THEN 'both' ELSE 'reboot' END AS cause
	FROM reboot AS r LEFT JOIN genuine AS g ON g.n = r.n AND g.start + g.length > r.start AND g.start < r.start + r.length
	WHERE NOT EXISTS (SELECT FROM genuine AS g WHERE g.n = r.n AND g.start <= r.start AND g.start + g.length > r.start)
	UNION ALL
	SELECT g.n, NULL, g.start, g.length, g.cause FROM genuine AS g
	WHERE NOT EXISTS (SELECT FROM reboot AS r WHERE r.n = g.n AND g.start BETWEEN r.start AND r.start + r.length);

	INSERT INTO sim.outage
	SELECT d.n, d.start, d.length, d.cause, d.activates_at,
		CASE WHEN d.cause = 'reboot' OR sim.r(seed, 'ad1', d.id) > 0.05 THEN
			d.start + interval '3 minutes 5 seconds' + sim.few('20 seconds', sim.r(seed, 'delay', d.id))
			+ CASE WHEN sim.r(seed, 'delayed', d.id) < CASE d.cause WHEN 'reboot' THEN 0.03 ELSE 0.1 END THEN interval '8 minutes' * sim.r(seed, 'minutes', d.id) ELSE '0' END END,
		CASE WHEN sim.r(seed, 'lost', d.id) >= lost THEN
			d.start + d.length + interval '5 seconds' + sim.few('10 seconds', sim.r(seed, 'back', d.id))
			+ CASE WHEN sim.r(seed, 'back late', d.id) < 0.02 THEN interval '5 minutes' * sim.r(seed, 'back minutes', d.id) ELSE '0' END END
	FROM (SELECT d.*, d.n + extract(epoch FROM d.start)::bigint * 1000003 AS id FROM dark AS d) AS d;

	INSERT INTO poa.activation (device, chf, request_id, received_at, activates_at, opens_at, closes_at, status, manufacturer, mpxn, firmware_hash)
	SELECT h.meter, h.hub, to_char(month, 'YYYY-MM') || ':' || a.n, a.at, a.at, a.at, a.at + interval '30 minutes', 'tracked', '1063', h.mpan,
		decode(repeat(lpad(a.firmware::text, 2, '0'), 32), 'hex')
	FROM activation AS a JOIN sim.home AS h USING (n)
	WHERE a.kind = 'listed' ORDER BY a.at;

	INSERT INTO alerts
	SELECT m.* FROM (
		SELECT 'AD1', h.hub, NULL::guid, h.mpan, d.at AS at, d.start
		FROM sim.outage AS d JOIN sim.home AS h ON h.n = d.hub WHERE d.start >= month AND d.start < month + interval '31 days' AND d.at IS NOT NULL
		UNION ALL
		SELECT '8F36', CASE WHEN h.n % 3 = 0 THEN h.hub END, h.meter, h.mpan, d.restored_at, NULL
		FROM sim.outage AS d JOIN sim.home AS h ON h.n = d.hub WHERE d.start >= month AND d.start < month + interval '31 days' AND d.restored_at IS NOT NULL
		UNION ALL
		SELECT '81A0', sim.hub(homes + n), sim.meter(homes + n), sim.mpan(homes + n), month + interval '31 days' * sim.r(seed, 'other', n), NULL
		FROM generate_series(1, others) AS n
	) AS m
	ORDER BY m.at;
	DROP TABLE activation, event, genuine, dark;
	ANALYZE alerts, poa.activation, poa.suppression_log;
END
$$;

/* the suppressed alerts, and what they were */
CREATE VIEW sim.truth AS
SELECT l.log_id, l.decided_at, l.closes_at, o.*
FROM poa.suppression_log AS l JOIN sim.home AS h ON h.hub = l.chf
JOIN sim.outage AS o ON o.hub = h.n AND o.start = l.outage_started_at;

/*
 * What an operator finds who looks every so often, and, if soon, at the last full
 * minute of the five after each alert of an area's outage, so that it is known
 * which are found by then; and who asks, at most every five minutes, the meters
 * of poa.to_ask.  Who has power answers, but for two in a thousand; of who has
 * none the DCC says so five minutes later.
 */
CREATE TABLE sim.found (log_id bigint, evidence text, as_of timestamptz, detail text, PRIMARY KEY (log_id, evidence));
CREATE PROCEDURE sim.watch(from_at timestamptz, to_at timestamptz, step interval, asking boolean DEFAULT false, since interval DEFAULT '3 hours',
	soon boolean DEFAULT true)
LANGUAGE plpgsql AS $$
DECLARE
	t timestamptz;
BEGIN
	FOR t IN
		SELECT * FROM generate_series(from_at, to_at, step)
		UNION SELECT date_trunc('minute', o.decided_at + interval '5 minutes') FROM sim.truth AS o
		WHERE soon AND o.cause = 'area' AND o.decided_at BETWEEN from_at AND to_at - interval '5 minutes'
		ORDER BY 1
	LOOP
		INSERT INTO sim.found SELECT g.log_id, g.evidence, t, g.detail FROM poa.genuine(t, t - since) AS g ON CONFLICT DO NOTHING;
		CONTINUE WHEN NOT asking OR extract(epoch FROM t)::bigint % 300 <> 0;
		WITH question AS MATERIALIZED (
			SELECT a.device, h.n, sim.r(0, 'answer', h.n) < 0.998 AND NOT EXISTS (
				SELECT FROM sim.outage AS o WHERE o.hub = h.n AND t >= o.start AND t < o.start + o.length) AS answers
			FROM poa.to_ask(as_of => t) AS a JOIN sim.home AS h ON h.hub = a.chf
		), asked AS (
			INSERT INTO poa.asked SELECT q.device, t FROM question AS q ON CONFLICT DO NOTHING
		), heard AS (
			INSERT INTO poa.sign_of_life SELECT q.device, t + interval '20 seconds', 'response' FROM question AS q WHERE q.answers
		)
		INSERT INTO poa.no_answer SELECT q.device, t + interval '5 minutes', 'E21' FROM question AS q WHERE NOT q.answers ON CONFLICT DO NOTHING;
	END LOOP;
END
$$;

/* the nights of a month in which something happens */
CREATE PROCEDURE sim.watch_month(month timestamptz, asking boolean DEFAULT false, step interval DEFAULT '20 minutes', nights integer DEFAULT 8,
	soon boolean DEFAULT true)
LANGUAGE plpgsql AS $$
BEGIN
	FOR night IN 0 .. nights - 1 LOOP
		CALL sim.watch(month + night * interval '3 days 18 hours', month + night * interval '3 days 18 hours' + interval '7 hours', step, asking, soon => soon);
	END LOOP;
END
$$;

/* what was found of a month; without silent, which is all there was before */
CREATE FUNCTION sim.figures(month timestamptz, for_time interval DEFAULT '31 days') RETURNS TABLE (
	genuine bigint, found numeric, area bigint, area_soon numeric, firmware bigint, released bigint, per_1000 numeric,
	no_activation bigint, started bigint, neighbours bigint, second bigint, unreachable bigint,
	false_started bigint, false_neighbours bigint, false_second bigint, false_unreachable bigint,
	silent bigint, false_silent bigint, minutes numeric) LANGUAGE sql AS $$
	WITH told AS (
		SELECT t.log_id, t.cause, t.cause IN ('area', 'home') AS genuine,
			array_agg(f.evidence) FILTER (WHERE f.evidence IS NOT NULL) AS kinds,
			min(f.as_of) FILTER (WHERE f.evidence <> 'silent') - t.decided_at AS after
		FROM sim.truth AS t LEFT JOIN sim.found AS f USING (log_id)
		WHERE t.start >= month AND t.start < month + for_time AND t.cause <> 'both'
		GROUP BY t.log_id, t.cause, t.decided_at
	)
	SELECT count(*) FILTER (WHERE genuine), round(100.0 * count(after) FILTER (WHERE genuine) / nullif(count(*) FILTER (WHERE genuine), 0), 1),
		count(*) FILTER (WHERE cause = 'area'),
		round(100.0 * count(*) FILTER (WHERE cause = 'area' AND after <= '5 minutes') / nullif(count(*) FILTER (WHERE cause = 'area'), 0), 1),
		count(*) FILTER (WHERE NOT genuine), count(after) FILTER (WHERE NOT genuine),
		round(1000.0 * count(after) FILTER (WHERE NOT genuine) / count(*) FILTER (WHERE NOT genuine), 2),
		count(*) FILTER (WHERE genuine AND 'no_activation' = ANY (kinds)), count(*) FILTER (WHERE genuine AND 'started' = ANY (kinds)),
		count(*) FILTER (WHERE genuine AND 'neighbours' = ANY (kinds)), count(*) FILTER (WHERE genuine AND 'second' = ANY (kinds)),
		count(*) FILTER (WHERE genuine AND 'unreachable' = ANY (kinds)),
		count(*) FILTER (WHERE NOT genuine AND 'started' = ANY (kinds)), count(*) FILTER (WHERE NOT genuine AND 'neighbours' = ANY (kinds)),
		count(*) FILTER (WHERE NOT genuine AND 'second' = ANY (kinds)), count(*) FILTER (WHERE NOT genuine AND 'unreachable' = ANY (kinds)),
		count(*) FILTER (WHERE genuine AND 'silent' = ANY (kinds)), count(*) FILTER (WHERE NOT genuine AND 'silent' = ANY (kinds)),
		round(extract(epoch FROM percentile_disc(0.5) WITHIN GROUP (ORDER BY after) FILTER (WHERE genuine)) / 60, 1)
	FROM told
$$;
