/*
 * What reboots look like, learned from those that were suppressed.
 */

CREATE TABLE poa.learning (
	manufacturer text PRIMARY KEY,
	method text NOT NULL DEFAULT 'median',
	quantile real NOT NULL DEFAULT 0.005,
	margin interval NOT NULL DEFAULT '60 seconds',
	deviations real NOT NULL DEFAULT 6,
	alerts integer NOT NULL DEFAULT 500,
	CONSTRAINT method_is_known CHECK (method OPERATOR(pg_catalog.=) ANY (ARRAY['quantile', 'median'])),
	CONSTRAINT quantile_is_0_to_a_half CHECK (quantile OPERATOR(pg_catalog.>=) 0::real AND quantile OPERATOR(pg_catalog.<) 0.5::real),
	CONSTRAINT margin_is_not_negative CHECK (margin OPERATOR(pg_catalog.>=) '0'::interval),
	CONSTRAINT deviations_is_positive CHECK (deviations OPERATOR(pg_catalog.>) 0::real),
	CONSTRAINT alerts_is_positive CHECK (alerts OPERATOR(pg_catalog.>) 0)
);
COMMENT ON TABLE poa.learning IS
	'how poa.learn makes the range of a make''s reboots.'
	' Empty as shipped: a row overrides the defaults of its columns for its manufacturer';
COMMENT ON COLUMN poa.learning.manufacturer IS 'CPL identifier of the manufacturer';
COMMENT ON COLUMN poa.learning.method IS
	'how the range of a profile is found: median or quantile.'
	' median: the median with some median absolute deviations, at least the margin; quantile: from one quantile to the other,'
	' widened by the margin';
COMMENT ON COLUMN poa.learning.quantile IS 'share of reboots, 0 to 0.5, that is left out at either end';
COMMENT ON COLUMN poa.learning.margin IS 'interval by which the quantiles are widened, or the median at least';
COMMENT ON COLUMN poa.learning.deviations IS 'number of median absolute deviations';
COMMENT ON COLUMN poa.learning.alerts IS 'reboots of a kind that it takes to learn anything of it';
SELECT pg_catalog.pg_extension_config_dump('poa.learning', '');
SELECT poa_internal.permit('TABLE poa.learning', '{operator}', 'INSERT, UPDATE, DELETE, MAINTAIN');

CREATE TABLE poa.reboot_profile (
	manufacturer text NOT NULL,
	firmware_hash bytea,
	learned_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	from_at timestamptz NOT NULL,
	to_at timestamptz NOT NULL,
	alerts bigint NOT NULL,
	started_low interval,
	started_high interval,
	silence_high interval,
	method text NOT NULL,
	profile_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY
);
CREATE INDEX reboot_profile_manufacturer_to_at_idx ON poa.reboot_profile (manufacturer, to_at);
COMMENT ON TABLE poa.reboot_profile IS
	'what poa.learn found reboots to look like, by make and firmware.'
	' An alert is judged by the newest whose to_at is not after it, of two that were learned together by that of its firmware';
COMMENT ON COLUMN poa.reboot_profile.manufacturer IS 'CPL identifier of the manufacturer';
COMMENT ON COLUMN poa.reboot_profile.firmware_hash IS 'hash of the firmware image (32 octets), NULL for all of the make';
COMMENT ON COLUMN poa.reboot_profile.learned_at IS 'UTC instant at which it was learned';
COMMENT ON COLUMN poa.reboot_profile.from_at IS 'UTC instant: learned from alerts of that time and later';
COMMENT ON COLUMN poa.reboot_profile.to_at IS 'UTC instant: and from nothing of that time or later';
COMMENT ON COLUMN poa.reboot_profile.alerts IS 'number of alerts that it stands on';
COMMENT ON COLUMN poa.reboot_profile.started_low IS
	'interval from the activation before which power is not cut.'
	' NULL where the start of the outage is known of too few alerts';
COMMENT ON COLUMN poa.reboot_profile.started_high IS 'interval from the activation: later, power is not cut; NULL likewise';
COMMENT ON COLUMN poa.reboot_profile.silence_high IS
	'interval after which nearly all have given a sign of life.'
	' It is from the start of the outage, where that is known, else from the alert';
COMMENT ON COLUMN poa.reboot_profile.method IS 'how the range was made, as poa.learning says, in words';
COMMENT ON COLUMN poa.reboot_profile.profile_id IS 'number of the profile';
SELECT pg_catalog.pg_extension_config_dump('poa.reboot_profile', '');
SELECT pg_catalog.pg_extension_config_dump('poa.reboot_profile_profile_id_seq', '');
COMMENT ON SEQUENCE poa.reboot_profile_profile_id_seq IS 'numbers of poa.reboot_profile; dumped, so that they go on after a restore';
SELECT poa_internal.permit('TABLE poa.reboot_profile', '{operator}', 'INSERT, MAINTAIN');

/*
 * The reboots of a time.  Timely is what was heard before the window closed:
 * the hub was back then, whatever it was.
 */
CREATE FUNCTION poa_internal.reboot_of(distributors smallint[], from_at timestamptz, to_at timestamptz)
RETURNS TABLE (log_id bigint, distributor_id smallint, manufacturer text, firmware_hash bytea, decided_at timestamptz,
	opens interval, closes interval, began interval, silence interval, counts boolean)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	PERFORM poa_internal.check_range(from_at, to_at);
	RETURN QUERY
	WITH suppressed AS MATERIALIZED (
		SELECT l.log_id, l.chf, l.distributor_id, a.manufacturer, a.firmware_hash, l.decided_at, l.activates_at, l.opens_at, l.closes_at,
			l.outage_started_at, poa_internal.outage_start(l.outage_started_at, l.decided_at) AS start,
			cardinality(l.matched) = 1 AND NOT EXISTS (SELECT FROM poa.release_log AS r WHERE r.log_id = l.log_id) AS eligible
		FROM poa.suppression_log AS l JOIN poa.activation AS a USING (activation_id)
		WHERE coalesce(l.distributor_id, '-1'::smallint) = ANY (distributors) AND l.hold_id IS NULL
			AND l.decided_at >= from_at AND l.decided_at < to_at
	), sign AS MATERIALIZED (
		SELECT s.id, s.at
		FROM (SELECT array_agg(p.log_id) AS ids, array_agg(p.chf) AS hubs, array_agg(p.start) AS starts,
				array_agg(least(p.closes_at, to_at)) AS ends FROM suppressed AS p) AS p
		CROSS JOIN poa_internal.first_sign_of_life(p.ids, p.hubs, p.starts, p.ends) AS s
	), near AS MATERIALIZED (
		SELECT n.log_id
		FROM (SELECT array_agg(p.log_id) AS ids FROM suppressed AS p WHERE p.eligible) AS p
		CROSS JOIN poa_internal.evidence_neighbours(p.ids, to_at) AS n
	)
	SELECT p.log_id, p.distributor_id, p.manufacturer, p.firmware_hash, p.decided_at,
		p.opens_at - p.activates_at, p.closes_at - p.activates_at,
		CASE WHEN isfinite(p.outage_started_at) THEN p.outage_started_at - p.activates_at END,
		s.at - p.start,
		p.eligible AND s.at IS NOT NULL AND p.log_id NOT IN (SELECT n.log_id FROM near AS n)
	FROM suppressed AS p LEFT JOIN sign AS s ON s.id = p.log_id
	ORDER BY p.decided_at, p.log_id;
END
$$;
COMMENT ON FUNCTION poa_internal.reboot_of(smallint[], timestamptz, timestamptz) IS
	'poa.reboot for the given distributors, -1 being none.'
	' Run by poa.reboot as the owner of the extension';
REVOKE ALL ON FUNCTION poa_internal.reboot_of(smallint[], timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa.reboot(from_at timestamptz, to_at timestamptz)
RETURNS TABLE (log_id bigint, distributor_id smallint, manufacturer text, firmware_hash bytea, decided_at timestamptz,
	opens interval, closes interval, began interval, silence interval, counts boolean)
	AS 'MODULE_PATHNAME', 'poa_report' LANGUAGE C STABLE;
COMMENT ON FUNCTION poa.reboot(timestamptz, timestamptz) IS
	'the suppressed AD1s of a period, measured from the activation.'
	' For a plot of what reboots look like. Those (diverted or shadow) of from_at <= decided_at < to_at, UTC instants, as far as'
	' visible to the caller. opens, closes and began: intervals from the activation to the ends of its window and to the start of'
	' the outage (NULL where unknown); silence: interval from there, else from the alert, to the first sign of life, NULL where'
	' there was none before the window closed and to_at; counts: whether poa.learn would learn from it, so was not released, has'
	' no neighbours, one activation and a silence. Raises 22004 for NULL';
SELECT poa_internal.permit('FUNCTION poa.reboot(timestamptz, timestamptz)', '{dno,operator,auditor}');

CREATE FUNCTION poa.learn(from_at timestamptz, to_at timestamptz) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	learned bigint;
BEGIN
	WITH reboot AS MATERIALIZED (
		SELECT r.manufacturer, r.firmware_hash, extract(epoch FROM r.began)::double precision AS began,
			extract(epoch FROM r.silence)::double precision AS silence
		FROM poa.reboot(from_at, to_at) AS r WHERE r.counts AND r.manufacturer IS NOT NULL
	), kind AS MATERIALIZED (
		/* that of a firmware, and that of all of its make */
		SELECT r.manufacturer, k.firmware_hash, r.began, r.silence
		FROM reboot AS r CROSS JOIN LATERAL (
			SELECT NULL UNION ALL SELECT r.firmware_hash WHERE r.firmware_hash IS NOT NULL) AS k (firmware_hash)
	), spread AS (
		SELECT k.manufacturer, k.firmware_hash, s.method, s.margin, s.quantile, s.deviations, s.alerts AS needed,
			count(*) AS alerts, count(k.began) AS told,
			percentile_cont(ARRAY[s.quantile, 0.5, 1 - s.quantile]) WITHIN GROUP (ORDER BY k.began) AS began,
			percentile_cont(ARRAY[0.5, 1 - s.quantile]) WITHIN GROUP (ORDER BY k.silence) AS silence
		FROM kind AS k
		CROSS JOIN LATERAL (
			SELECT coalesce(l.method, 'median') AS method, coalesce(l.quantile::numeric, 0.005)::double precision AS quantile,
				extract(epoch FROM coalesce(l.margin, '60 seconds'))::double precision AS margin,
				coalesce(l.deviations, 6)::double precision AS deviations, coalesce(l.alerts, 500) AS alerts
			FROM (VALUES (true)) AS v LEFT JOIN poa.learning AS l ON l.manufacturer = k.manufacturer
		) AS s
		GROUP BY k.manufacturer, k.firmware_hash, s.method, s.margin, s.quantile, s.deviations, s.alerts
		HAVING count(*) >= s.alerts
	), range AS (
		SELECT s.*,
			CASE WHEN s.told < s.needed THEN NULL WHEN s.method = 'quantile' THEN s.began[1] - s.margin
				ELSE s.began[2] - greatest(s.deviations * d.began, s.margin) END AS low,
			CASE WHEN s.told < s.needed THEN NULL WHEN s.method = 'quantile' THEN s.began[3] + s.margin
				ELSE s.began[2] + greatest(s.deviations * d.began, s.margin) END AS high,
			CASE s.method WHEN 'quantile' THEN s.silence[2] + s.margin
				ELSE s.silence[1] + greatest(s.deviations * d.silence, s.margin) END AS silence_high
		FROM spread AS s
		CROSS JOIN LATERAL (
			SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(k.began - s.began[2])) AS began,
				percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(k.silence - s.silence[1])) AS silence
			FROM kind AS k
			WHERE s.method = 'median' AND k.manufacturer = s.manufacturer AND k.firmware_hash IS NOT DISTINCT FROM s.firmware_hash
		) AS d
	)
	INSERT INTO poa.reboot_profile AS p
		(manufacturer, firmware_hash, from_at, to_at, alerts, started_low, started_high, silence_high, method)
	SELECT r.manufacturer, r.firmware_hash, learn.from_at, learn.to_at, r.alerts,
		make_interval(secs => coalesce(r.low, first_value(r.low) OVER make)),
		make_interval(secs => coalesce(r.high, first_value(r.high) OVER make)),
		make_interval(secs => r.silence_high),
		CASE r.method
			WHEN 'quantile' THEN format('quantiles %s and %s with a margin of %s s', r.quantile, 1 - r.quantile, r.margin)
			ELSE format('median with %s median absolute deviations, at least %s s', r.deviations, r.margin) END
	FROM range AS r
	/* a firmware of which too few tell when it began has that of its make */
	WINDOW make AS (PARTITION BY r.manufacturer ORDER BY r.firmware_hash NULLS FIRST)
	ORDER BY r.manufacturer, r.firmware_hash NULLS FIRST;
	GET DIAGNOSTICS learned = ROW_COUNT;
	RETURN learned;
END
$$;
COMMENT ON FUNCTION poa.learn(timestamptz, timestamptz) IS
	'learns what reboots look like, and returns the number of profiles.'
	' From those of from_at <= decided_at < to_at, UTC instants. Written to poa.reboot_profile: one for each make, and for each'
	' firmware of it, of which there are enough (500) suppressed alerts with a sign of life before the window closed. Released'
	' alerts, those with neighbours, and those with several activations are left out; poa.learning has the settings. Raises 22004'
	' for NULL';
SELECT poa_internal.permit('FUNCTION poa.learn(timestamptz, timestamptz)', '{operator}');

/* without SET, so that it is inlined */
CREATE FUNCTION poa_internal.profile_for(manufacturer text, firmware_hash bytea, at timestamptz) RETURNS SETOF poa.reboot_profile
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT p.* FROM poa.reboot_profile AS p
	WHERE p.manufacturer OPERATOR(pg_catalog.=) $1 AND p.to_at OPERATOR(pg_catalog.<=) $3
		AND (p.firmware_hash OPERATOR(pg_catalog.=) $2 OR p.firmware_hash IS NULL)
	ORDER BY p.to_at DESC, p.firmware_hash IS NULL, p.profile_id DESC LIMIT 1;
END;
COMMENT ON FUNCTION poa_internal.profile_for(text, bytea, timestamptz) IS
	'the profile by which an alert at a UTC instant is judged.'
	' The newest that was learned before it, of two that were learned together that of its firmware';
REVOKE ALL ON FUNCTION poa_internal.profile_for(text, bytea, timestamptz) FROM PUBLIC;

/*
 * The alerts of activations, each by its profile.  Which activations an alert
 * matched as they stood then, the log has of the deciding one only.
 */
CREATE FUNCTION poa_internal.matched_activation(log_ids bigint[])
RETURNS TABLE (log_id bigint, place bigint, device @extschema@.guid, manufacturer text, activates_at timestamptz,
	opens_at timestamptz, start_at timestamptz,
	started_low interval, started_high interval, outside boolean)
LANGUAGE sql STABLE ROWS 1000
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
	SELECT m.log_id, m.place, m.device, m.manufacturer, m.activates_at, m.opens_at, m.start_at, p.started_low, p.started_high,
		coalesce(m.start_at < m.opens_at
			OR m.start_at - m.activates_at NOT BETWEEN p.started_low AND p.started_high, false)
	FROM (
		SELECT l.log_id, l.decided_at, m.place, a.device, a.manufacturer, a.firmware_hash,
			CASE WHEN m.place = 1 THEN l.activates_at ELSE a.activates_at END AS activates_at,
			CASE WHEN m.place = 1 THEN l.opens_at ELSE a.opens_at END AS opens_at,
			CASE WHEN isfinite(l.outage_started_at) THEN l.outage_started_at END AS start_at
		FROM unnest(log_ids) AS i (log_id)
		JOIN poa.suppression_log AS l USING (log_id)
		CROSS JOIN LATERAL unnest(l.matched) WITH ORDINALITY AS m (activation_id, place)
		JOIN poa.activation AS a ON a.activation_id = m.activation_id
	) AS m
	LEFT JOIN LATERAL poa_internal.profile_for(m.manufacturer, m.firmware_hash, m.decided_at) AS p ON true
$$;
COMMENT ON FUNCTION poa_internal.matched_activation(bigint[]) IS
	'the activations that suppressed alerts matched, each with its profile.'
	' start_at is the UTC instant at which the outage began, NULL where that is unknown; outside: whether that is before the window'
	' opened, or not when reboots of that kind begin, which low and high are after the activation';
REVOKE ALL ON FUNCTION poa_internal.matched_activation(bigint[]) FROM PUBLIC;
