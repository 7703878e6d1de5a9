/*
 * How many alerts a throttled one counts as.
 */
CREATE FUNCTION poa_internal.alerts_of(alert_count jsonb) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(alert_count) OPERATOR(pg_catalog.=) 'number'
	THEN least(greatest(alert_count::numeric, 1), 999999999)
	ELSE 1 END;
COMMENT ON FUNCTION poa_internal.alerts_of(jsonb) IS
	'how many alerts an AD1 stands for, by the alert_count of its row.'
	' At least 1 and at most 999999999; 1 where it is no number or NULL (DUIS: the DCC throttles)';
SELECT poa_internal.permit('FUNCTION poa_internal.alerts_of(jsonb)', '{dno,operator,auditor}');
