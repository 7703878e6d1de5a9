# examples/prometheus: the exporter is scraped for real, and each row of
# poa.metrics arrives, with its labels and its figure, under its own name; every
# metric, label and check of the rules is one that there is; promtool runs the
# rules' own tests (docs/monitoring.md).

use strict;
use warnings;
use HTTP::Tiny;
use IPC::Run qw(run start);
use List::Util qw(first);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $examples = 'examples/prometheus';
my %program = map { my $name = $_; $name => scalar first { -x } map { "$_/$name" } split /:/, $ENV{PATH} } qw(promtool prometheus-sql-exporter);

SKIP:
{
	skip 'promtool is not installed', 3 unless $program{promtool};
	foreach my $check ([qw(check config prometheus.yml)], [qw(check rules rules.yml)], [qw(test rules rules_test.yml)])
	{
		my $output;
		ok(run([ $program{promtool}, @$check ], '>&', \$output, init => sub { chdir $examples or die }), "promtool @$check") or diag($output);
	}
}

my $rules = slurp_file("$examples/rules.yml");
my @alerts = split /^  - alert: /m, $rules;
shift @alerts;
is(scalar(grep { /^\w+\n.*^      severity: (?:critical|warning|info)\n.*^      summary: \S.*^      description: \|\n        \S/ms } @alerts), scalar(@alerts),
	'each alert has a severity, a summary and what to do');

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
	INSERT INTO alerts VALUES ('AD1', 9::bigint::guid, now(), '1200000000001');
	INSERT INTO poa.command VALUES ('r', false, now(), 1::bigint::guid, 'not_eligible', NULL, 4, NULL, false);
	SELECT poa.release(1, 'test');
	SELECT poa.hold('test', now() + interval '1 day');
});
my @rows = split /\n/, $node->safe_psql('postgres', q{
	SELECT concat_ws(' ', name, (SELECT string_agg(key || '=' || value, ' ' ORDER BY key) FROM jsonb_each_text(labels))), value
	FROM poa.metrics
	UNION ALL SELECT 'poa_still_dark', count(*) FROM poa.still_dark()});
my %row = map { my ($key, $value) = split /\|/; $key => $value + 0 } @rows;

# what the rules name is there
my %known = map { my ($name, @labels) = split / /; map { $_ => 1 } $name, @labels } keys %row;
my ($recorded, @named) = ($rules =~ s/#.*//gr);
push @named, $1 while $recorded =~ /(?<![\w:])(poa_(?!suppress)\w+)/g;
foreach my $selector ($recorded =~ /\{((?:check|action|evidence)[!=~].*?)\}/g)
{
	push @named, map { my ($label, $values) = @$_; map { "$label=$_" } split /\|/, $values } [ $selector =~ /^(\w+)\W+"(.*)"$/ ];
}
cmp_ok(scalar(@named), '>', 20, 'the rules name metrics and labels');
is(join(' ', grep { not $known{$_} } @named), '', 'which there are');

SKIP:
{
	skip 'prometheus-sql-exporter is not installed', 1 unless $program{'prometheus-sql-exporter'};

	my $yaml = slurp_file("$examples/prometheus-sql-exporter.yml");
	my $url = sprintf 'postgres://monitor@:%d/postgres?host=%s&sslmode=disable', $node->port, $node->host;
	is($yaml =~ s{postgres://\S+}{'$url'}g, 2, 'the exporter connects twice');
	my $config = PostgreSQL::Test::Utils::tempdir() . '/exporter.yml';
	append_to_file($config, $yaml);

	# what Prometheus does with the name and the labels, by prometheus.yml
	my ($regex) = slurp_file("$examples/prometheus.yml") =~ /source_labels: \[name\]\n +regex: (\S+)\n +target_label: __name__/;
	my ($dropped) = slurp_file("$examples/prometheus.yml") =~ /regex: (\S+)\n +action: labeldrop/;

	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my $log = PostgreSQL::Test::Utils::tempdir() . '/exporter.log';
	my $run = start([ $program{'prometheus-sql-exporter'}, '-config.file', $config, '-web.listen-address', "127.0.0.1:$port" ], '<', \undef, '>', $log, '2>&1');

	# {series => figure}, once both jobs have run
	my (%series, %operator);
	my $deadline = time + $PostgreSQL::Test::Utils::timeout_default;
	until (exists $series{poa_still_dark} and keys %series > 1)
	{
		die "not scraped in time:\n" . slurp_file($log) if time > $deadline;
		my $answer = HTTP::Tiny->new->get("http://127.0.0.1:$port/metrics");
		%series = ();
		while ($answer->{success} and $answer->{content} =~ /^sql_poa(?:_still_dark)?\{(.*)\} (\S+)$/mg)
		{
			my ($labels, $value) = ($1, $2);
			my %label = $labels =~ /(\w+)="([^"]*)"/g;
			my ($name) = $label{name} =~ /^(?:$regex)$/;
			delete @label{ grep { /^(?:$dropped)$/ or $label{$_} eq '' } keys %label };
			$operator{ $label{distributor_id} } = delete $label{distributor} if exists $label{distributor_id};
			delete @label{qw(database host user)};
			$series{ join ' ', $name, map { "$_=$label{$_}" } sort keys %label } = $value + 0;
		}
		select undef, undef, undef, 0.1;
	}
	$run->signal('TERM');
	$run->finish;

	is_deeply(\%series, \%row, 'what is scraped is what SQL says');
	is($operator{12}, 'UK Power Networks, London', 'with the name of the network operator');
	is($series{'poa_alerts_suppressed distributor_id=20'}, 6, 'alerts of a distributor');
	is($series{'poa_alerts_stored distributor_id=12'}, 1, 'a stored one');
	is($series{'poa_releases evidence=other'}, 1, 'a release');
	is($series{'poa_health check=hold'}, 0, 'a check');
	unlike(slurp_file($log), qr/"level":"(?:error|warn)"/, 'the exporter has nothing to complain about');
}

done_testing();
