
# A month as the industry has it: campaigns of activations, 17,113 suppressed
# AD1s, most of which end with a restoration or another sign of life, 40
# genuine outages among them, and 200 activations that came too late.  What was
# planted is known, and the reports must find it and nothing else; the same
# month in shadow mode must have the same figures.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('month');
$node->init;
$node->start;

my $setup = q{
	CREATE EXTENSION poa_suppress;
	INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
	CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text, device guid);

	/* meter n on hub n + 100000; one in 50 hubs has a second meter */
	INSERT INTO poa.device
	SELECT n::bigint::guid, 'ESME', 2, '1063', (100000 + n)::bigint::guid, (10 + n % 14) || lpad(n::text, 11, '0')
	FROM generate_series(1, 30000) AS n
	UNION ALL
	SELECT (500000 + n)::bigint::guid, 'ESME', 2, '1063', (100000 + n)::bigint::guid, NULL
	FROM generate_series(50, 30000, 50) AS n;
	INSERT INTO poa.guid_list SELECT device FROM poa.device;

	/*
	 * Meters 1 to 17113 are told to activate in eight campaigns, and their hubs
	 * send an AD1 within the window.  The next 200 send theirs before the
	 * command is read here, the rest send one that nothing explains.
	 */
	CREATE TABLE planned AS
	SELECT n, n::bigint::guid AS device, (100000 + n)::bigint::guid AS chf, 'r' || n AS request_id,
		(10 + n % 14) || lpad(n::text, 11, '0') AS mpxn, a.t AS activates_at,
		a.t + (n * 7919 % 1800) * interval '1 second' AS at,
		CASE WHEN n <= 40 THEN 'outage' WHEN n <= 17113 THEN 'restored' WHEN n <= 17313 THEN 'late' ELSE 'unexplained' END AS fate
	FROM generate_series(1, 30000) AS n
	CROSS JOIN LATERAL (SELECT timestamptz '2026-05-02Z' + n % 8 * interval '3 days 5 hours' + n * interval '1 second') AS a (t);
};

# 13 in 100 are future-dated; the time of the alert and its order are the month's.
my $month = q{
	SELECT count(poa.track_activation(device, CASE WHEN n % 100 < 13 THEN activates_at END, request_id,
		activates_at - CASE WHEN n % 100 < 13 THEN interval '1 day' ELSE '0' END))
	FROM planned WHERE fate IN ('outage', 'restored');
	INSERT INTO alerts SELECT 'AD1', chf, at, CASE WHEN n % 3 > 0 THEN mpxn END FROM planned ORDER BY at;
	SELECT count(poa.track_activation(device, NULL, request_id, activates_at)) FROM planned WHERE fate = 'late';
	/* the power comes back, and each tells of it in one of the ways there are */
	INSERT INTO alerts SELECT '8F3' || 5 + n % 2, CASE WHEN n % 2 = 0 THEN chf END, at + interval '4 minutes', NULL,
		CASE WHEN n % 3 > 0 OR n % 2 > 0 THEN device END
	FROM planned WHERE fate = 'restored' AND n % 10 < 8;
	INSERT INTO poa.sign_of_life SELECT chf, at + interval '1 hour', 'read' FROM planned WHERE fate = 'restored' AND n % 10 = 8;
	SELECT count(*) FROM planned
		WHERE fate = 'restored' AND n % 10 = 9 AND poa_internal.record_outcome_at(request_id, 'succeeded', at + interval '6 minutes');
	ANALYZE;
};

# the figures of each mode
my %told;
foreach my $mode ('divert', 'shadow')
{
	$node->safe_psql('postgres', "CREATE DATABASE $mode");
	my $ask = sub { return $node->safe_psql($mode, "SET timezone = 'UTC'; " . shift); };

	$node->safe_psql($mode, $setup);
	$node->safe_psql($mode, "SELECT poa.attach('alerts', device => 'device', mode => '$mode')");
	$node->safe_psql($mode, $month);

	is($ask->('SELECT count(*), count(DISTINCT chf) FROM poa.suppression_log'), '17113|17113', "$mode: the month's AD1s are suppressed");
	is( $ask->('SELECT bool_and(p.fate IN (\'outage\', \'restored\')) FROM poa.suppression_log AS l JOIN planned AS p USING (chf)'),
		't', "$mode: and no others");

	my $range = "'2026-05-01', '2026-06-01'";
	is( $ask->("SELECT sum(alerts), sum(suppressed), sum(would_suppress), sum(newly_suppressed), sum(newly_forwarded), sum(saving) FROM poa.replay($range)"),
		'30000|17113|17113|0|0|1369040', "$mode: replay gives back what happened");
	is( $ask->("(SELECT distributor_id, suppressed, would_suppress FROM poa.replay($range)
			EXCEPT SELECT distributor_id, count(*), count(*) FROM poa.suppression_log GROUP BY 1)"),
		'', "$mode: for each distributor");
	# the windows as they are: nothing but the late ones changes
	is( $ask->("SELECT sum(would_suppress), sum(newly_suppressed), sum(newly_forwarded) FROM poa.replay($range, '0', '30 minutes')"),
		'17313|200|0', "$mode: replay with the manufacturer's windows");
	is( $ask->("SELECT sum(would_suppress) = (SELECT count(*) FROM planned WHERE fate <> 'unexplained' AND at <= activates_at + interval '10 minutes'),
			sum(newly_forwarded) = (SELECT count(*) FROM planned WHERE fate IN ('outage', 'restored') AND at > activates_at + interval '10 minutes')
			FROM poa.replay($range, NULL, '10 minutes')"), 't|t', "$mode: replay with 10 minutes");

	is( $ask->("SELECT count(*), count(DISTINCT l.chf), bool_and(p.fate = 'late' AND l.mpxn IS NOT DISTINCT FROM CASE WHEN n % 3 > 0 THEN p.mpxn END
			AND l.distributor_id = left(p.mpxn, 2)::int AND l.request_id = p.request_id)
			FROM poa.late_activation($range) AS l JOIN planned AS p USING (chf)"), '200|200|t', "$mode: the late activations are found");

	is( $ask->("SELECT count(*), count(restored_at), count(DISTINCT (restored_at, restored_device, chf)) FILTER (WHERE restored_at IS NOT NULL),
			bool_and((restored_at IS NOT NULL) = (p.fate = 'restored' AND p.n % 10 < 8) AND coalesce(r.outage = interval '4 minutes', true))
			FROM poa.restoration($range) AS r JOIN planned AS p USING (chf)"),
		join('|', 17113, ($ask->("SELECT count(*) FROM planned WHERE fate = 'restored' AND n % 10 < 8")) x 2, 't'),
		"$mode: each restoration is paired, once");

	$told{$mode} = $ask->("SELECT 'replay', r::text FROM poa.replay($range) AS r UNION ALL SELECT 'wider', r::text FROM poa.replay($range, '5 minutes', '45 minutes') AS r
		UNION ALL SELECT 'late', (l.chf, l.mpxn, l.distributor_id, l.decided_at, l.request_id, l.late_by)::text
			FROM poa.late_activation($range) AS l
		UNION ALL SELECT 'restored', (r.chf, r.decided_at, r.restored_at, r.restoration_code, r.restored_device)::text FROM poa.restoration($range) AS r ORDER BY 1, 2");

	if ($mode eq 'shadow')
	{
		is($ask->('SELECT count(*) FROM poa.still_dark()'), '0', 'shadow: nothing was held back');
		next;
	}
	is( $ask->('SELECT sum(suppressed), sum(saving) FROM poa.suppression_monthly'), '17113|1369040', "the month's saving");
	is( $ask->("SELECT count(*), count(DISTINCT d.chf), bool_and(p.fate = 'outage') FROM poa.still_dark() AS d JOIN planned AS p USING (chf)"),
		'40|40|t', 'every genuine outage is still dark, and none that was restored');
	is($ask->('SELECT poa.release_still_dark()'), '40', 'they are released');
	is($ask->("SELECT count(*) FROM alerts JOIN planned USING (chf) WHERE alert_code = 'AD1' AND fate = 'outage'"), '40', 'and stand in their table');
	is($ask->('SELECT count(*) FROM poa.still_dark()'), '0', 'nothing is dark then');
	is($ask->("SELECT sum(saving) FROM poa.suppression_monthly"), 1369040 - 40 * 80, 'and they are not saved');
	is( $ask->("SELECT count(*) FROM poa.late_activation($range)"), '200', 'a released alert is not late');
	is( $ask->("SELECT sum(alerts), sum(suppressed), sum(would_suppress), sum(saving) FROM poa.replay($range)"),
		'30000|17113|17113|' . (1369040 - 40 * 80), 'nor does it change what happened, but for the visits');
}
ok($told{divert} eq $told{shadow}, 'shadow mode tells the same as divert mode, all ' . scalar(my @lines = split /\n/, $told{divert}) . ' rows of it');

done_testing();
