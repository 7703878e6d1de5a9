# The pg_cron line of docs/operating.md, run by the real pg_cron as an operator:
# hubs that stay dark have their alerts released.

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
	CREATE ROLE dsp LOGIN;
	SELECT poa.grant_operator('dsp');
	GRANT USAGE ON SCHEMA cron TO dsp;
	INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
	INSERT INTO poa.device SELECT n::bigint::guid, 'ESME', 2, '1063', (n + 100)::bigint::guid, NULL FROM generate_series(1, 3) AS n;
	INSERT INTO poa.guid_list SELECT device FROM poa.device;
	CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
	GRANT INSERT ON alerts TO dsp;
	SELECT poa.attach('alerts');
	SELECT poa.track_activation(device, received_at => now() - interval '1 hour') FROM poa.device;
	INSERT INTO alerts SELECT 'AD1', chf, now() - interval '50 minutes', NULL FROM poa.device ORDER BY chf;
	INSERT INTO poa.sign_of_life SELECT chf, now() - interval '45 minutes', 'read' FROM poa.device WHERE device = 2::bigint::guid;
});
is($node->safe_psql('postgres', 'SELECT count(*) FROM alerts'), '0', 'all alerts are suppressed');
$node->safe_psql('postgres', $schedule, extra_params => [ '-U', 'dsp' ]);

ok($node->poll_query_until('postgres', 'SELECT count(*) = 2 FROM poa.release_log'), 'pg_cron releases those that are dark');
is($node->safe_psql('postgres', 'SELECT string_agg(chf::bigint::text, \',\' ORDER BY chf) FROM alerts'), '101,103', 'and these only');
is($node->safe_psql('postgres', 'SELECT DISTINCT released_by FROM poa.release_log'), 'dsp', 'as the operator');

done_testing();
