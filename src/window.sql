/*
 * When a window suppresses: these two functions, and is_in_suppressing_window() in
 * divert.c for the alert path, which a test compares with them.  They have no
 * SET and are not STRICT, so that they are inlined.
 */
CREATE FUNCTION poa_internal.suppresses(status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN $1 IN ('tracked', 'succeeded');
COMMENT ON FUNCTION poa_internal.suppresses(text) IS
	'whether the window of an activation of this status suppresses.'
	' True for tracked and succeeded, NULL for NULL (MP102B)';
SELECT poa_internal.permit('FUNCTION poa_internal.suppresses(text)', '{dno,operator,auditor}');

CREATE FUNCTION poa_internal.window_holds(opens_at timestamptz, closes_at timestamptz, at timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN $1 <= $3 AND $2 >= $3;
COMMENT ON FUNCTION poa_internal.window_holds(timestamptz, timestamptz, timestamptz) IS
	'whether an instant is in a window, both ends included.'
	' All three are UTC instants (MP102B: within 30 minutes of the activation time)';
SELECT poa_internal.permit('FUNCTION poa_internal.window_holds(timestamptz, timestamptz, timestamptz)', '{dno,operator,auditor}');

/*
 * The window is reckoned in UTC, where a day has 24 hours, whatever the
 * session's time zone.
 */
CREATE FUNCTION poa_internal.utc_plus(at timestamptz, span interval) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ($1 AT TIME ZONE 'UTC' + $2) AT TIME ZONE 'UTC';
COMMENT ON FUNCTION poa_internal.utc_plus(timestamptz, interval) IS
	'an interval after a UTC instant, where a day has 24 hours';
REVOKE ALL ON FUNCTION poa_internal.utc_plus(timestamptz, interval) FROM PUBLIC;
