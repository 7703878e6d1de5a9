/*
 * The windows that have not closed: tonight's calendar.
 */

/* windows close in the order in which they were tracked, but for those of a future date */
CREATE INDEX activation_closes_at_idx ON poa.activation
	USING brin (closes_at timestamptz_minmax_multi_ops) WITH (autosummarize = on);
CREATE INDEX activation_mpxn_idx ON poa.activation USING hash (mpxn);

/* it runs as its owner, because DNOs have no right on poa.activation; the barrier leaves them their own rows */
CREATE VIEW poa.open_window
	(mpxn, distributor_id, chf, device, originator, activates_at, opens_at, closes_at, status)
WITH (security_barrier = true) AS
	SELECT a.mpxn, poa_internal.distributor_of(a.mpxn), a.chf, a.device, a.originator, a.activates_at, a.opens_at, a.closes_at, a.status
	FROM poa.activation AS a
	WHERE poa_internal.suppresses(a.status) AND a.closes_at OPERATOR(pg_catalog.>=) pg_catalog.now()
		AND coalesce(poa_internal.distributor_of(a.mpxn), '-1'::smallint) OPERATOR(pg_catalog.=)
			ANY ((SELECT poa_internal.visible_distributors(CURRENT_USER))::smallint[]);
COMMENT ON VIEW poa.open_window IS
	'windows that suppress and have not closed, as far as the reader may see them.'
	' In them no AD1 is not read as no outage: one would be in poa.suppressed_alert';
COMMENT ON COLUMN poa.open_window.mpxn IS 'MPxN of the meter when tracked, NULL where it had none';
COMMENT ON COLUMN poa.open_window.distributor_id IS 'its distributor, NULL where the MPxN does not tell';
COMMENT ON COLUMN poa.open_window.chf IS 'GUID of the hub whose AD1 is suppressed';
COMMENT ON COLUMN poa.open_window.device IS 'GUID of the meter that is being activated';
COMMENT ON COLUMN poa.open_window.originator IS 'GUID of the service user who sent the command, NULL where unknown';
COMMENT ON COLUMN poa.open_window.activates_at IS 'UTC instant of the activation';
COMMENT ON COLUMN poa.open_window.opens_at IS 'UTC instant at which the window opens, inside it';
COMMENT ON COLUMN poa.open_window.closes_at IS 'UTC instant at which the window closes, inside it';
COMMENT ON COLUMN poa.open_window.status IS 'tracked or succeeded';
SELECT poa_internal.permit('TABLE poa.open_window', '{dno}', 'SELECT');
