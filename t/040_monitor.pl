# The configuration of prometheus-sql-exporter in docs/monitoring.md, scraped for
# real: each row of poa.metrics arrives, with its labels and its figure.

use strict;
use warnings;
use HTTP::Tiny;
use IPC::Run qw(start);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($exporter) = grep { -x } map { "$_/prometheus-sql-exporter" } split /:/, $ENV{PATH};
plan skip_all => 'prometheus-sql-exporter is not installed' unless $exporter;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION poa_suppress;
	CREATE ROLE monitor LOGIN;
	SELECT poa.grant_auditor('monitor');
	INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr', '2 days', '2 days');
	INSERT INTO poa.device SELECT n::guid, 'ESME', 2, '1063', n::guid, '2000000000001' FROM generate_series(1::bigint, 3) AS n;
	INSERT INTO poa.guid_list SELECT device FROM poa.device;
	ANALYZE poa.device, poa.guid_list;
	CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
	CREATE INDEX ON alerts (chf);
	SELECT poa.attach('alerts');
	SELECT poa.track_activation(device) FROM poa.device;
	INSERT INTO alerts SELECT 'AD1', chf, now() + interval '1 hour', m FROM poa.device, unnest(ARRAY['1000000000001', '2000000000001', NULL]) AS m;
	SELECT poa.release(1, 'test');
});

# The block that begins with "jobs:", but for the address
my ($yaml) = slurp_file('docs/monitoring.md') =~ /^```yaml\n(jobs:\n.*?)^```$/ms;
ok($yaml, 'docs/monitoring.md has a configuration');
my $url = sprintf 'postgres://monitor@:%d/postgres?host=%s&sslmode=disable', $node->port, $node->host;
is($yaml =~ s{postgres://\S+}{'$url'}g, 2, 'which connects twice');
my $config = PostgreSQL::Test::Utils::tempdir() . '/exporter.yml';
append_to_file($config, $yaml);

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $log = PostgreSQL::Test::Utils::tempdir() . '/exporter.log';
my $run = start([ $exporter, '-config.file', $config, '-web.listen-address', "127.0.0.1:$port" ], '<', \undef, '>', $log, '2>&1');

# scrape: {series => figure}, once both jobs have run
my %series;
my $deadline = time + $PostgreSQL::Test::Utils::timeout_default;
until (grep { /_still_dark/ } keys %series and keys %series > 1)
{
	die "not scraped in time:\n" . slurp_file($log) if time > $deadline;
	my $answer = HTTP::Tiny->new->get("http://127.0.0.1:$port/metrics");
	%series = ();
	while ($answer->{success} and $answer->{content} =~ /^sql_poa_suppress(?:_still_dark)?\{(.*)\} (\S+)$/mg)
	{
		my ($labels, $value) = ($1, $2);
		my %label = $labels =~ /(\w+)="([^"]*)"/g;
		my $key = join ' ', $label{name}, map { "$_=$label{$_}" } grep { length($label{$_} // '') } qw(check distributor_id status);
		$series{$key} = $value + 0;
	}
	select undef, undef, undef, 0.1;
}
$run->signal('TERM');
$run->finish;

my %row = map { my ($key, $value) = split /\|/; $key => $value + 0 } split /\n/, $node->safe_psql('postgres', q{
	SELECT concat_ws(' ', name, (SELECT string_agg(key || '=' || value, ' ' ORDER BY key) FROM jsonb_each_text(labels))), value
	FROM poa.metrics
	UNION ALL SELECT 'poa_suppress_still_dark', count(*) FROM poa.still_dark()});
is_deeply(\%series, \%row, 'what is scraped is what SQL says');
is($series{'poa_suppress_alerts_diverted_total distributor_id=20'}, 6, 'alerts of a distributor');
is($series{'poa_suppress_health check=hub_index'}, 1, 'a check');
unlike(slurp_file($log), qr/"level":"(?:error|warn)"/, 'the exporter has nothing to complain about');

done_testing();
