/*
 * The suppressed alerts as an analyst reads them.
 */

CREATE VIEW poa.suppressed_alert
	(log_id, received_at, alert_code, mpxn, distributor_id, distributor, chf, device, manufacturer,
	 request_id, activates_at, delay, diverted, released_at, release_reason, alert)
WITH (security_invoker = true, security_barrier = true) AS
	SELECT l.log_id, l.decided_at, l.alert_code, l.mpxn, l.distributor_id, d.name, l.chf, l.device, l.manufacturer,
		l.request_id, l.activates_at, l.delay, l.diverted, r.released_at, r.reason, l.alert
	FROM poa.suppression_log AS l
	LEFT JOIN poa.distributor AS d ON d.distributor_id OPERATOR(pg_catalog.=) l.distributor_id
	LEFT JOIN poa.release_log AS r ON r.log_id OPERATOR(pg_catalog.=) l.log_id;
COMMENT ON VIEW poa.suppressed_alert IS
	'suppressed AD1s, with the firmware activation that explains each.'
	' As far as visible to the reader';
COMMENT ON COLUMN poa.suppressed_alert.log_id IS 'number of the entry, to be named when asking for its release';
COMMENT ON COLUMN poa.suppressed_alert.received_at IS 'UTC instant of the alert that was judged';
COMMENT ON COLUMN poa.suppressed_alert.alert_code IS 'code of the alert: AD1';
COMMENT ON COLUMN poa.suppressed_alert.mpxn IS 'MPxN of the alert as it came';
COMMENT ON COLUMN poa.suppressed_alert.distributor_id IS 'distributor of the alert, NULL where neither it nor the inventory has one';
COMMENT ON COLUMN poa.suppressed_alert.distributor IS 'name of the distributor, NULL where poa.distributor does not have it';
COMMENT ON COLUMN poa.suppressed_alert.chf IS 'GUID of the communications hub that sent the alert';
COMMENT ON COLUMN poa.suppressed_alert.device IS 'GUID of the meter that was being activated';
COMMENT ON COLUMN poa.suppressed_alert.manufacturer IS 'CPL identifier of that meter''s manufacturer';
COMMENT ON COLUMN poa.suppressed_alert.request_id IS 'RequestID of the activation, NULL where it had none';
COMMENT ON COLUMN poa.suppressed_alert.activates_at IS 'UTC instant of the activation';
COMMENT ON COLUMN poa.suppressed_alert.delay IS 'interval from the activation to the alert';
COMMENT ON COLUMN poa.suppressed_alert.diverted IS 'false where shadow mode or a hold stored the alert';
COMMENT ON COLUMN poa.suppressed_alert.released_at IS 'UTC instant at which the alert was sent on after all, NULL where it was not';
COMMENT ON COLUMN poa.suppressed_alert.release_reason IS 'the reason that was given for it';
COMMENT ON COLUMN poa.suppressed_alert.alert IS 'the whole alert as it came';
SELECT poa_internal.permit('TABLE poa.suppressed_alert', '{dno}', 'SELECT');
