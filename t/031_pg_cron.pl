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

my ($schedule) = slurp_file('docs/operating.md') =~ /^(SELECT cron\.schedule\('poa-still-dark'.*;)$/m
  or BAIL_OUT('docs/operating.md has no line for pg_cron');
# the test does not wait for five minutes
$schedule =~ s{'\*/5 \* \* \* \*'}{'* * * * *'} or BAIL_OUT("the line is not for every five minutes");

$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_cron'
cron.use_background_workers = on
CONF
$node->restart;
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_cron;
	CREATE EXTENSION poa_suppress;
	CREATE ROLE dsp_evidence LOGIN;
	SELECT poa.grant_operator('dsp_evidence');
	GRANT USAGE ON SCHEMA cron TO dsp_evidence;
	INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
	INSERT INTO poa.device SELECT n::bigint::guid, 'ESME', 2, '1063', (n + 100)::bigint::guid, NULL FROM generate_series(1, 3) AS n;
	INSERT INTO poa.guid_list SELECT device FROM poa.device;
	CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
	GRANT INSERT ON alerts TO dsp_evidence;
	SELECT poa.attach('alerts');
	SELECT poa.track_activation(device, received_at => now() - interval '1 hour') FROM poa.device;
	INSERT INTO alerts SELECT 'AD1', chf, now() - interval '50 minutes', NULL FROM poa.device ORDER BY chf;
	INSERT INTO poa.sign_of_life SELECT chf, now() - interval '45 minutes', 'read' FROM poa.device WHERE device = 2::bigint::guid;
});
is($node->safe_psql('postgres', 'SELECT count(*) FROM alerts'), '0', 'all alerts are suppressed');
$node->safe_psql('postgres', $schedule, extra_params => [ '-U', 'dsp_evidence' ]);

ok($node->poll_query_until('postgres', 'SELECT count(*) = 2 FROM poa.release_log'), 'pg_cron releases those that are dark');
is($node->safe_psql('postgres', 'SELECT string_agg(chf::bigint::text, \',\' ORDER BY chf) FROM alerts'), '101,103', 'and these only');
is($node->safe_psql('postgres', 'SELECT DISTINCT released_by FROM poa.release_log'), 'dsp_evidence', 'as the operator');


# docs/evidence.md: each block that this test runs, the nightly ones now
my @blocks = slurp_file('docs/evidence.md') =~ /^<!-- run by: t\/031_pg_cron\.pl -->\n```sql\n(.*?)^```$/msg;
is(scalar @blocks, 3, 'docs/evidence.md has three blocks for pg_cron');
$node->safe_psql('postgres', q{
	SELECT cron.unschedule(jobid) FROM cron.job;
	CREATE SCHEMA dsp;
	GRANT USAGE ON SCHEMA dsp TO dsp_evidence;
	DROP TABLE alerts;
	CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text, began_at timestamptz);
	GRANT INSERT ON alerts TO dsp_evidence;
	SELECT poa.attach('alerts', started => 'began_at');
	INSERT INTO poa.learning (manufacturer, alerts) VALUES ('1063', 1);
	SELECT poa.track_activation(device, received_at => now() - interval '1 hour') FROM poa.device;
	/* one that is heard, one that began before its window opened, one to be asked */
	INSERT INTO alerts SELECT 'AD1', chf, now() - interval '50 minutes', NULL, now() - interval '1 minute' * (CASE WHEN device = 2::bigint::guid THEN 70 ELSE 53 END) FROM poa.device;
	INSERT INTO alerts VALUES ('8F36', 101::bigint::guid, now() - interval '48 minutes', NULL, NULL);
});
foreach my $block (@blocks)
{
	$block =~ s/^(CREATE TABLE|GRANT).*?;\n//msg and $node->safe_psql('postgres', q{
		CREATE TABLE dsp.to_send (device guid, service text, since timestamptz DEFAULT now()); GRANT INSERT ON dsp.to_send TO dsp_evidence});
	$block =~ s{'(?:\*/5|45 3|\*)[ *0-9]*'}{'* * * * *'} or BAIL_OUT("no schedule: $block");
	$node->safe_psql('postgres', $block, extra_params => [ '-U', 'dsp_evidence' ]);
}
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM poa.release_log WHERE reason = 'evidence: started' AND released_by = 'dsp_evidence'}),
	'pg_cron releases what evidence says');
ok($node->poll_query_until('postgres', 'SELECT count(*) = 1 FROM dsp.to_send WHERE device = 3::bigint::guid'), 'and brings the meter to ask');
ok($node->poll_query_until('postgres', 'SELECT count(*) >= 1 FROM poa.reboot_profile WHERE alerts = 1'), 'and learns');
is($node->safe_psql('postgres', 'SELECT string_agg(device::bigint::text, \',\') FROM poa.asked'), '3', 'which is asked once');
is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT status, ', ') FROM cron.job_run_details WHERE status <> 'running' AND start_time > now() - interval '1 hour'}),
	'succeeded', 'no job fails');

done_testing();
