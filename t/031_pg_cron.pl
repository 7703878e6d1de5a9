# The pg_cron lines of docs/operating.md and docs/evidence.md, run by the real
# pg_cron as an operator: hubs that stay dark have their alerts released, as do
# genuine outages; reboots are learned, and meters to ask come to be sent.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# the library must then be the first one of the server, which pg_cron's is
plan skip_all => 'the server runs under a wrapper, such as a sanitizer' if $ENV{WRAPPER};

my $node = PostgreSQL::Test::Cluster->new('cron');
$node->init;
$node->start;
plan skip_all => 'pg_cron is not installed (Debian: postgresql-NN-cron)'
  unless $node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_cron'");

$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_cron'\ncron.use_background_workers = on");
$node->restart;

# Of each make two meters: those of 1063 were activated an hour ago, 1 is dark and
# 2 was heard.  Those of 1125 were activated 40 minutes ago, too late for their
# window to have closed 15 minutes ago: 3 was heard, the outage of 4 began before
# its window opened, and 5 is dark.
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_cron;
	CREATE EXTENSION poa_suppress;
	CREATE ROLE dsp_evidence LOGIN;
	SELECT poa.grant_operator('dsp_evidence');
	GRANT USAGE ON SCHEMA cron TO dsp_evidence;
	CREATE SCHEMA dsp;
	GRANT USAGE ON SCHEMA dsp TO dsp_evidence;
	INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr'), ('1125', 'Kaifa');
	INSERT INTO poa.learning (manufacturer, alerts) VALUES ('1125', 1);
	INSERT INTO poa.device
	SELECT n::bigint::guid, 'ESME', 2, CASE WHEN n <= 2 THEN '1063' ELSE '1125' END, (n + 100)::bigint::guid, NULL FROM generate_series(1, 5) AS n;
	INSERT INTO poa.guid_list SELECT device FROM poa.device;
	CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text, began_at timestamptz);
	GRANT INSERT ON alerts TO dsp_evidence;
	SELECT poa.attach('alerts', started => 'began_at');
	CREATE TABLE began AS
	SELECT device, chf, now() - CASE manufacturer WHEN '1063' THEN interval '1 hour' ELSE '40 minutes' END AS activates_at FROM poa.device;
	SELECT poa.track_activation(device, received_at => activates_at) FROM began;
	INSERT INTO alerts
	SELECT 'AD1', chf, activates_at + interval '13 minutes', NULL, activates_at + CASE WHEN device = 4::bigint::guid THEN interval '-1 minute' ELSE '10 minutes' END FROM began;
	INSERT INTO alerts SELECT '8F36', chf, activates_at + interval '15 minutes' FROM began WHERE device IN (2::bigint::guid, 3::bigint::guid);
});
is($node->safe_psql('postgres', q{SELECT count(*) FROM alerts WHERE alert_code = 'AD1'}), '0', 'all alerts are suppressed');

# what is no job in these blocks is the superuser's
my @blocks = map { slurp_file($_) =~ /^<!-- run by: t\/031_pg_cron\.pl -->\n```sql\n(.*?)^```$/msg } qw(docs/operating.md docs/evidence.md);
foreach my $block (@blocks)
{
	$block =~ /^(.*?)(SELECT cron\.schedule\(.*)$/s or BAIL_OUT("no job: $block");
	$node->safe_psql('postgres', $1) if $1 ne '';
	$node->safe_psql('postgres', $2, extra_params => [ '-U', 'dsp_evidence' ]);
}
is($node->safe_psql('postgres', q{SELECT string_agg(jobname, ' ' ORDER BY jobname) FROM cron.job}),
	'poa-ask poa-genuine poa-learn poa-still-dark', 'pg_cron takes the jobs of the documents, with their schedules');

# pg_cron wakes at each full minute, but for what it does at the start of the server
$node->safe_psql('postgres', q{SELECT cron.alter_job(jobid, schedule => '@reboot') FROM cron.job});
$node->restart;

ok($node->poll_query_until('postgres', q{SELECT count(*) >= 4 FROM cron.job_run_details WHERE status IN ('succeeded', 'failed')}), 'all have run');
is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT concat_ws(': ', status, CASE status WHEN 'failed' THEN return_message END), ', ') FROM cron.job_run_details}),
	'succeeded', 'and none has failed');
is($node->safe_psql('postgres', q{SELECT string_agg(concat_ws(' ', l.device::bigint, r.reason, r.released_by), ', ' ORDER BY l.device) FROM poa.release_log AS r JOIN poa.suppression_log AS l USING (log_id)}),
	'1 no sign of life 00:15:00 after its window dsp_evidence, 4 evidence: started dsp_evidence', 'what is dark is released, and a genuine outage, as the operator');
is($node->safe_psql('postgres', q{SELECT string_agg(chf::bigint::text, ',' ORDER BY chf) FROM alerts WHERE alert_code = 'AD1'}), '101,104', 'these alone');
is($node->safe_psql('postgres', 'SELECT manufacturer, alerts FROM poa.reboot_profile'), '1125|1', 'reboots are learned');
# those that were released at that very time may have been asked, too
is($node->safe_psql('postgres', q{SELECT string_agg(device::bigint::text, ',') FROM dsp.to_send WHERE device IN (2::bigint::guid, 3::bigint::guid, 5::bigint::guid) AND service = '7.4'}),
	'5', 'a meter that is dark is to be asked, and none that was heard');
is($node->safe_psql('postgres', q{SELECT count(*) FROM (SELECT device FROM dsp.to_send EXCEPT SELECT device FROM poa.asked) AS d}), '0', 'which is noted');

# poa.health() of the scheduled releases: they run, one is not active, one fails
my $health = sub { return $node->safe_psql('postgres', q{SELECT ok, detail FROM poa.health() WHERE check_name = 'scheduled'}) };
my $failing = 'the scheduled release does not run: job \d+';
is($health->(), 't|the scheduled release runs', 'health: they run');
$node->safe_psql('postgres', q{SELECT cron.alter_job(jobid, active := false) FROM cron.job WHERE jobname = 'poa-genuine'});
my ($mend) = $health->() =~ /^f\|$failing is not active; (SELECT cron\.alter_job\(\d+, active := true\))$/;
ok(defined $mend, 'health: one is not active');
$node->safe_psql('postgres', $mend // '');
is($health->(), 't|the scheduled release runs', 'health: the statement mends it');
$node->safe_psql('postgres', 'REVOKE EXECUTE ON FUNCTION poa.release_still_dark(interval) FROM dsp_evidence');
$node->restart;
ok($node->poll_query_until('postgres', q{SELECT NOT ok FROM poa.health() WHERE check_name = 'scheduled'}), 'health: one fails');
like($health->(), qr/^f\|$failing failed at .*permission denied for function release_still_dark.*; SELECT poa\.release_still_dark\(\)$/,
	'health: and why');
$node->safe_psql('postgres', q{SELECT poa.grant_operator('dsp_evidence')});
$node->restart;
ok($node->poll_query_until('postgres', q{SELECT ok FROM poa.health() WHERE check_name = 'scheduled'}), 'health: until it runs again');

done_testing();
