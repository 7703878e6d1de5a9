
# Random histories against a reference model.
#
# The package Model has in a few lines what the extension promises about
# eligibility, tracking, diversion, release and purge.  Every history is made
# of random steps; the model takes them one by one, the extension as one script
# of SQL, and then all that either of them has is compared row by row.
#
# POA_SEED=n runs one history with that seed instead of the usual ones, and
# POA_SECONDS=n goes on with fresh seeds for so long ("make soak").  A history
# that fails is made as short as it can be while it fails, and printed.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

###########################################################################
# The model.  Instants are microseconds since 1970, guids short numbers; an
# activation is known by the number of the step that tracked it.

package Model;

use List::Util qw(first);
use Storable qw(dclone);

sub new
{
	return bless {
		manufacturer => {},    # name => [before, after]
		list => {},            # meter => 1
		device => {},          # meter => its row
		activation => {},      # id => row
		request => {},         # request_id => id
		of_device => {},       # meter => its activations, in order of arrival
		cancellation => {},    # meter => what was cancelled when
		purged => {},          # meter => activations that are no more, but superseded one that is
		outcome => {},         # request_id => the one that counts
		refusal => {},         # request_id => that received first
		turn => 0,             # the order of arrival
		log => {},             # alert => row
		stored => {},          # alert => the tables it stands in
		released => {},        # alert => reason
		answer => {},          # step => what the extension should answer
		enabled => 1,
	}, shift;
}

sub criteria
{
	my ($self, $meter) = @_;
	my $row = $self->{device}{$meter};

	return (
		inventory => defined $row,
		type => defined $row && $row->{type} eq 'ESME',
		generation => defined $row && ($row->{smets} // 0) == 2,
		manufacturer => defined $row && exists $self->{manufacturer}{ $row->{manufacturer} // '' },
		list => exists $self->{list}{$meter},
		hub => defined $row && defined $row->{chf});
}

sub eligible
{
	my %met = criteria(@_);
	return !grep { !$_ } values %met;
}

# The law of delivery.  What was received for a meter is its commands, in
# of_device, and cancellations, in cancellation, each with its turn of arrival;
# and outcomes and refusals, by request.
sub takes_over
{
	my ($taker, $activation) = @_;
	my $later = $taker->{received_at} <=> $activation->{received_at} || $taker->{turn} <=> $activation->{turn};

	return $later > 0 && $taker->{received_at} < $activation->{activates_at};
}

sub state_of
{
	my ($self, $activation) = @_;
	my $request_id = $activation->{request_id} // '';
	my $outcome = $self->{outcome}{$request_id};
	my $meter = $activation->{device};

	return ($outcome eq 'succeeded' ? 'succeeded' : 'failed', $outcome eq 'succeeded' ? undef : $outcome) if defined $outcome;
	return ('failed', $self->{refusal}{$request_id}{reason}) if exists $self->{refusal}{$request_id};
	my ($taker) = sort { $a->{received_at} <=> $b->{received_at} || $a->{turn} <=> $b->{turn} }
	  grep { takes_over($_, $activation) && !exists $self->{refusal}{ $_->{request_id} // '' } }
	  @{ $self->{of_device}{$meter} // [] }, @{ $self->{purged}{$meter} // [] }, @{ $self->{cancellation}{$meter} // [] };
	return ('tracked', undef) unless defined $taker;
	return ('cancelled', 'cancel_activation') if $taker->{cancels};
	return ('superseded', $taker->{request_id} // "activation $taker->{id}");
}

# Returns how many are cancelled now that were not.
sub settle
{
	my ($self, $meter) = @_;
	my $cancelled = 0;

	foreach my $activation (@{ $self->{of_device}{$meter} // [] })
	{
		my $before = $activation->{status};
		@$activation{qw(status ended_by)} = $self->state_of($activation);
		$activation->{chf} = ($self->{device}{$meter} // {})->{chf} // $activation->{chf}
		  if suppresses($activation) && $before !~ /^(tracked|succeeded)$/;
		$cancelled++ if $activation->{status} eq 'cancelled' && $before ne 'cancelled';
	}
	return $cancelled;
}

sub suppresses { return shift->{status} =~ /^(tracked|succeeded)$/; }

sub track
{
	my ($self, $id, $meter, $activates_at, $request_id, $received_at) = @_;

	if (defined $request_id && defined(my $known = $self->{request}{$request_id}))
	{
		return $self->{activation}{$known}{device} == $meter ? $known : 'error 23505';
	}
	return undef unless $self->eligible($meter);

	my $row = $self->{device}{$meter};
	my ($before, $after) = @{ $self->{manufacturer}{ $row->{manufacturer} } };
	$activates_at //= $received_at;

	my $new = {
		id => $id,
		turn => $self->{turn}++,
		device => $meter,
		chf => $row->{chf},
		request_id => $request_id,
		received_at => $received_at,
		activates_at => $activates_at,
		opens_at => $activates_at - $before,
		closes_at => $activates_at + $after,
		status => 'tracked',
		manufacturer => $row->{manufacturer},
		mpxn => $row->{mpxn},
	};
	$self->{activation}{$id} = $new;
	push @{ $self->{of_device}{$meter} }, $new;
	$self->{request}{$request_id} = $id if defined $request_id;
	$self->settle($meter);
	return $id;
}

sub cancel
{
	my ($self, $meter, $received_at) = @_;

	return 0 unless exists $self->{list}{$meter} || @{ $self->{of_device}{$meter} // [] };
	push @{ $self->{cancellation}{$meter} }, { cancels => 1, received_at => $received_at, turn => $self->{turn}++ }
	  unless grep { $_->{received_at} == $received_at } @{ $self->{cancellation}{$meter} // [] };
	return $self->settle($meter);
}

# The meter of a request, undef where that is not known.
sub meter_of
{
	my ($self, $request_id) = @_;
	my $id = $self->{request}{$request_id};

	return $self->{activation}{$id}{device} if defined $id;
	my ($purged) = grep { ($_->{request_id} // '') eq $request_id } map { @$_ } values %{ $self->{purged} };
	return defined $purged ? $purged->{device} : undef;
}

sub outcome
{
	my ($self, $request_id, $outcome) = @_;

	return 'error 22023' unless defined $outcome && $outcome =~ /^(succeeded|no_image_held|hash_mismatch|activation_failure)$/;
	$self->{outcome}{$request_id} //= $outcome unless $outcome eq 'activation_failure';
	my $meter = $self->meter_of($request_id);
	return 'false' unless defined $meter;
	$self->settle($meter);
	return 'true';
}

sub refuse
{
	my ($self, $request_id, $reason, $received_at) = @_;
	my $first = $self->{refusal}{$request_id};

	$self->{refusal}{$request_id} = { reason => $reason, received_at => $received_at }
	  unless defined $first && $first->{received_at} <= $received_at;
	my $meter = $self->meter_of($request_id);
	return 'false' unless defined $meter;
	$self->settle($meter);
	return 'true';
}

# The inventory has a new row for a meter (undef: none any more).
sub place
{
	my ($self, $meter, $row, $now) = @_;

	if (!defined $row)
	{
		delete $self->{device}{$meter};
		return;
	}
	$self->{device}{$meter} = {%$row};
	return unless defined $row->{chf};
	foreach my $activation (@{ $self->{of_device}{$meter} // [] })
	{
		$activation->{chf} = $row->{chf}
		  if suppresses($activation) && $activation->{closes_at} >= $now;
	}
	return;
}

# The suppressing windows of a hub that hold an instant, the deciding one first.
sub windows
{
	my ($self, $chf, $at) = @_;

	return sort { $b->{activates_at} <=> $a->{activates_at} || $b->{id} <=> $a->{id} }
	  grep {
			 $_->{chf} == $chf
		  && suppresses($_)
		  && $_->{opens_at} <= $at
		  && $at <= $_->{closes_at}
	  } values %{ $self->{activation} };
}

sub distributor
{
	my $mpxn = shift;
	return defined $mpxn && $mpxn =~ /^([0-9]{2})[0-9]{11}\z/ ? $1 + 0 : undef;
}

# Does the log have the same alert, released or of shadow mode?
sub stands
{
	my ($self, $alert, $table, $mpxn) = @_;
	my $log = $self->{log};

	return first {
		my $row = $log->{$_};
		($row->{diverted} eq 'f' || exists $self->{released}{$_})
		  && $row->{source} eq $table->{name}
		  && $row->{alert}{chf} == $alert->{chf}
		  && $row->{decided_at} == $alert->{at}
		  && ($row->{mpxn} // 'none') eq ($mpxn // 'none')
	} keys %$log;
}

# An alert arrives at one of the attached tables.  True if it is stored.
sub alert
{
	my ($self, $alert, $table) = @_;
	my @match;

	@match = $self->windows($alert->{chf}, $alert->{at})
	  if $self->{enabled}
	  && defined $alert->{code}
	  && $alert->{code} eq 'AD1'
	  && defined $alert->{chf}
	  && defined $alert->{at}
	  && $alert->{at} !~ /infinity/;

	my $mpxn = $table->{mpxn} ? $alert->{mpxn} : undef;
	my $stored = !@match || $table->{mode} eq 'shadow';
	# by its key no alert is another's
	if (!$stored && !$table->{key} && $self->stands($alert, $table, $mpxn))
	{
		$self->{stored}{ $alert->{id} } = $table->{name};
		return 1;
	}
	$self->{stored}{ $alert->{id} } = $table->{name} if $stored;
	return $stored unless @match;

	my $by = $match[0];
	$self->{log}{ $alert->{id} } = {
		diverted => $table->{mode} eq 'shadow' ? 'f' : 't',
		source => $table->{name},
		alert => $alert,
		mpxn => $mpxn,
		distributor_id => distributor($mpxn) // distributor($by->{mpxn}),
		decided_at => $alert->{at},
		matched => [ map { $_->{id} } @match ],
		device => $by->{device},
		manufacturer => $by->{manufacturer},
		request_id => $by->{request_id},
		map { $_ => $by->{$_} } qw(activates_at opens_at closes_at),
	};
	return $stored;
}

sub release
{
	my ($self, $id, $reason) = @_;
	my $row = $self->{log}{$id};

	return 'error 42704' unless defined $row;
	return 'error 55000' if $row->{diverted} eq 'f' || exists $self->{released}{$id};
	$self->{released}{$id} = $reason;
	$self->{stored}{$id} = $row->{source};
	return '';
}

sub purge_activations
{
	my ($self, $before, $now) = @_;
	my %referred = map { $_ => 1 } map { @{ $_->{matched} } } values %{ $self->{log} };
	my $all = $self->{activation};
	my @purged =
	  grep { $_->{closes_at} < $before && $_->{closes_at} < $now && !$referred{ $_->{id} } } values %$all;

	foreach my $activation (@purged)
	{
		my $meter = $activation->{device};
		delete $all->{ $activation->{id} };
		delete $self->{request}{ $activation->{request_id} } if defined $activation->{request_id};
		@{ $self->{of_device}{$meter} } = grep { $_ != $activation } @{ $self->{of_device}{$meter} };
		push @{ $self->{purged}{$meter} }, $activation;
	}

	# what takes over one that stays is kept, with what tells that it was refused
	my $needed = sub {
		my ($meter, $taker) = @_;
		return scalar grep {
			$_->{received_at} <= $taker->{received_at} && $taker->{received_at} < $_->{activates_at}
		} @{ $self->{of_device}{$meter} // [] };
	};
	my %answered = %{ $self->{request} };
	foreach my $meter (keys %{ $self->{purged} })
	{
		@{ $self->{purged}{$meter} } = grep { $needed->($meter, $_) } @{ $self->{purged}{$meter} };
		$answered{ $_->{request_id} // '' } = 1 foreach @{ $self->{purged}{$meter} };
	}
	foreach my $meter (keys %{ $self->{cancellation} })
	{
		@{ $self->{cancellation}{$meter} } =
		  grep { $_->{received_at} >= $before || $needed->($meter, $_) } @{ $self->{cancellation}{$meter} };
	}
	foreach my $request_id (keys %{ $self->{refusal} })
	{
		delete $self->{refusal}{$request_id}
		  if $self->{refusal}{$request_id}{received_at} < $before && !exists $answered{$request_id};
	}
	foreach my $request_id (keys %{ $self->{outcome} })
	{
		delete $self->{outcome}{$request_id} if $now < $before && !exists $answered{$request_id};
	}
	return scalar @purged;
}

###########################################################################
# Histories.

package History;

use constant {
	COMMANDS => 1500,
	ALERTS => 3000,
	METERS => 40,
	HUBS => 24,
	MICROSECOND => 1,
	MINUTE => 60_000_000,
	HOUR => 3_600_000_000,
};

# Times come from a few evenings of the past, one of them that of a change of
# the clocks, and as many of the far future, so that now() is in none of the
# windows and between them.
my @evenings = map { $_ * 1_000_000 }
  (1_577_900_000, 1_577_986_400, 1_585_440_000, 4_102_500_000, 4_102_586_400, 4_110_000_000);
my $now = 3_000_000_000 * 1_000_000;

my %tables = map { $_->{name} => $_ } (
	{ name => 'alerts', mode => 'divert', mpxn => 1, at => 'received_at' },
	{ name => 'alerts_by_day', mode => 'divert', mpxn => 1, at => 'received_at' },
	{ name => 'alerts_watched', mode => 'shadow', mpxn => 1, at => 'received_at' },
	{ name => 'outages', mode => 'divert', mpxn => 0, at => 'started_at', key => 1 });

my $schema = <<'SQL';
CREATE EXTENSION poa_suppress;
CREATE TABLE alerts (id int PRIMARY KEY, alert_code text, chf guid,
	received_at timestamptz, mpxn varchar(20));
CREATE TABLE alerts_by_day (mpxn text, gone int, received_at timestamptz, alert_code varchar,
	id int, chf guid) PARTITION BY RANGE (received_at);
ALTER TABLE alerts_by_day DROP COLUMN gone;
CREATE TABLE alerts_past PARTITION OF alerts_by_day FOR VALUES FROM (MINVALUE) TO ('2050-01-01');
CREATE TABLE alerts_later (chf guid, id int, alert_code varchar, mpxn text, received_at timestamptz);
ALTER TABLE alerts_by_day ATTACH PARTITION alerts_later FOR VALUES FROM ('2050-01-01') TO (MAXVALUE);
CREATE TABLE alerts_others PARTITION OF alerts_by_day DEFAULT;
CREATE TABLE alerts_watched (LIKE alerts);
CREATE TABLE outages (id int, started_at timestamptz, chf guid, alert_code text, mpxn text);
SELECT poa.attach('alerts', key => 'id');
SELECT poa.attach('alerts_by_day', key => 'id');
SELECT poa.attach('alerts_watched', mode => 'shadow', key => 'id');
SELECT poa.attach('outages', at => 'started_at', mpxn => NULL, key => 'id');

CREATE TABLE answer (step int, answer text);
CREATE FUNCTION attempt(step int, question text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE question INTO answer;
	INSERT INTO answer VALUES (step, answer);
EXCEPTION WHEN OTHERS THEN
	INSERT INTO answer VALUES (step, 'error ' || sqlstate);
END
$$;
-- what the extension has, in the model's terms
CREATE FUNCTION us(timestamptz) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN isfinite($1) THEN (extract(epoch FROM $1) * 1000000)::bigint::text ELSE $1::text END
$$;
CREATE FUNCTION number(guid) RETURNS text LANGUAGE sql AS $$
	SELECT ($1::bigint & 65535)::text
$$;
SQL

sub pick { return $_[ rand @_ ]; }
sub chance { return rand() < shift; }

sub meter_guid { return sprintf "'00DB1234567%05x'", shift; }
sub hub_guid { return defined $_[0] ? sprintf("'887384900000%04x'", $_[0]) : 'NULL'; }

sub text
{
	my $value = shift;
	return defined $value ? "'$value'" : 'NULL';
}

# A literal timestamptz in UTC.
sub instant
{
	my $at = shift;
	return 'NULL' unless defined $at;
	return "'$at'" if $at =~ /infinity/;
	my $second = int($at / 1_000_000);
	my ($s, $mi, $h, $d, $mo, $y) = gmtime $second;
	return sprintf "'%04d-%02d-%02d %02d:%02d:%02d.%06d+00'", $y + 1900, $mo + 1, $d, $h, $mi, $s,
	  $at - $second * 1_000_000;
}

# A day of an interval has 24 hours, whatever the clocks do.
sub interval
{
	my $length = shift;
	return sprintf "interval '%d days %d microseconds'", $length / (24 * HOUR), $length % (24 * HOUR);
}

# One history: random steps, that can be played again.  A step keeps its random
# choices, but starts from what the steps before it have left.
sub new
{
	my ($class, $seed) = @_;
	my $self = bless {
		model => Model->new,
		steps => [],
		script => [],
		saved => [],               # the model at BEGIN and at each savepoint
		known => [@evenings],      # instants at which something happened
		sent => [],                # all commands,
		requests => [],            # and those with a request_id
		tracked => [],             # steps that tracked an activation, for a while at least
		may_purge => 1,            # which older snapshots are refused
		step => 0,
		alerts => 0,
		commands => 0,
	}, $class;

	srand $seed;
	$self->make_world;
	$self->make_step while $self->{commands} < COMMANDS || $self->{alerts} < ALERTS;
	return $self;
}

sub make_world
{
	my $self = shift;

	$self->set_manufacturer('1063', 0, 30 * MINUTE);
	$self->set_manufacturer('118F', 5 * MINUTE, 30 * MINUTE);
	foreach my $meter (1 .. METERS)
	{
		$self->place($meter, { %{ $self->some_row }, type => 'ESME', smets => 2, manufacturer => '1063' });
		next if chance(0.1);
		$self->play(sub {
			$self->{model}{list}{$meter} = 1;
			push @{ $self->{script} }, 'INSERT INTO poa.guid_list VALUES (' . meter_guid($meter) . ');';
		});
	}
}

# What is drawn, each as often as its weight says.
my @commands = weighted(
	on_demand => 25, future_dated => 45, redelivered => 10, cancelled => 8,
	outcome => 10, refused => 6, invalid => 1, eligibility => 3);
my @changes = weighted(map { $_ => 1 } qw(device exchange list manufacturer move purge remove switch zone));

sub weighted
{
	my %weight = @_;
	return map { ($_) x $weight{$_} } sort keys %weight;
}

sub make_step
{
	my $self = shift;
	my $dice = rand;
	my $part;

	$self->{step}++;
	if ($dice < 0.45 && $self->{commands} < COMMANDS)
	{
		$self->{commands}++;
		$part = 'command_' . pick(@commands);
	}
	elsif ($dice < 0.88 && $self->{alerts} < ALERTS) { $part = 'arrival'; }
	elsif ($dice < 0.94) { $part = 'change_' . pick(@changes); }
	elsif ($dice < 0.955) { $part = 'release'; }
	elsif ($dice < 0.97) { $part = 'explain'; }
	else { $part = 'transaction'; }
	$self->$part;
}

# Play all steps, or those of the given numbers; returns the model at the end, the
# script, and how many steps there are.
sub play_again
{
	my ($self, @chosen) = @_;

	@chosen = 0 .. $#{ $self->{steps} } unless @chosen;
	$self->{model} = Model->new;
	$self->{saved} = [];
	$self->{script} = [ "SET timezone = 'UTC';", "SET search_path = public;" ];
	$self->{steps}[$_]->() foreach @chosen;
	push @{ $self->{script} }, 'COMMIT;' if @{ $self->{saved} };
	return ($self->{model}, join("\n", @{ $self->{script} }, ''), scalar @{ $self->{steps} });
}

# Everything that changes the model or the script is part of such a step.
sub play
{
	my ($self, $part) = @_;
	my $number = $self->{step};
	push @{ $self->{steps} }, sub { $self->{step} = $number; $part->(); };
	$part->();
}

# Put a question to the extension; the model has given the answer.
sub ask
{
	my ($self, $answer, $question) = @_;
	$self->{model}{answer}{ $self->{step} } = $answer;
	if (($answer // '') =~ /^error/)
	{
		push @{ $self->{script} }, "SELECT attempt($self->{step}, \$q\$SELECT $question\$q\$);";
	}
	else
	{
		push @{ $self->{script} }, "INSERT INTO answer SELECT $self->{step}, ($question)::text;";
	}
}

# Near something that happened, or on its very edge.
sub some_time
{
	my $self = shift;
	return pick(@evenings) + int(rand 6 * HOUR) if chance(0.5);
	return pick(@{ $self->{known} }) + pick(-1, 0, 0, 1) * MICROSECOND if chance(0.6);
	return pick(@{ $self->{known} }) + int((rand(4) - 2) * HOUR);
}

sub some_row
{
	return {
		type => pick(('ESME') x 40, qw(GSME GPF CHF HCALCS PPMID IHD CAD)),
		smets => pick((2) x 30, 1, undef),
		manufacturer => pick(('1063') x 20, ('118F') x 8, '1125', '1031', undef),
		chf => pick((map { 1 + int rand HUBS } 1 .. 9), undef),
		mpxn => pick(
			sprintf('%02d%011d', 10 + rand 29, rand 1e9),
			sprintf('%02d%011d', 10 + rand 29, rand 1e9),
			'123', 'ABCDEFGHIJKLM', undef),
	};
}

sub some_meter { return 1 + int rand METERS; }

# Put a row for a meter into the inventory, in one of the ways there are.
sub put
{
	my ($self, $meter, $row, $way) = @_;
	my $values = join ', ', meter_guid($meter), text($row->{type}), $row->{smets} // 'NULL',
	  text($row->{manufacturer}), hub_guid($row->{chf}), text($row->{mpxn});
	my $set = 'device_type = excluded.device_type, smets = excluded.smets,'
	  . ' manufacturer = excluded.manufacturer, chf = excluded.chf, mpxn = excluded.mpxn';
	$way = 'upsert' if ($way =~ /^(insert|copy)$/) == exists $self->{model}{device}{$meter} && $way !~ /upsert|merge/;

	if ($way eq 'update')
	{
		push @{ $self->{script} }, "UPDATE poa.device SET (device, device_type, smets, manufacturer, chf, mpxn)"
		  . " = ROW($values) WHERE device = " . meter_guid($meter) . ';';
	}
	elsif ($way eq 'merge')
	{
		push @{ $self->{script} }, "MERGE INTO poa.device AS d USING (VALUES ($values)) AS"
		  . " excluded (device, device_type, smets, manufacturer, chf, mpxn) ON d.device = excluded.device::guid"
		  . ' WHEN MATCHED THEN UPDATE SET '
		  . ($set =~ s/excluded\.chf/excluded.chf::guid/r =~ s/excluded\.smets/excluded.smets::smallint/r)
		  . ' WHEN NOT MATCHED THEN INSERT VALUES (excluded.device::guid, excluded.device_type,'
		  . ' excluded.smets::smallint, excluded.manufacturer, excluded.chf::guid, excluded.mpxn);';
	}
	elsif ($way eq 'upsert')
	{
		push @{ $self->{script} }, "INSERT INTO poa.device VALUES ($values) ON CONFLICT (device) DO UPDATE SET $set;";
	}
	elsif ($way eq 'copy')
	{
		my $line = join "\t", map { s/'//gr } map { $_ eq 'NULL' ? '\N' : $_ } split /, /, $values;
		push @{ $self->{script} }, "COPY poa.device FROM stdin;\n$line\n\\.";
	}
	else
	{
		push @{ $self->{script} }, 'DELETE FROM poa.device WHERE device = ' . meter_guid($meter) . ';'
		  if $way eq 'replace';
		push @{ $self->{script} }, "INSERT INTO poa.device VALUES ($values);";
	}
	$self->{model}->place($meter, $row, $now);
}

sub place
{
	my ($self, $meter, $row) = @_;
	my $way = exists $self->{model}{device}{$meter} ? pick(qw(update upsert replace merge)) : pick(qw(insert upsert copy merge));
	$self->play(sub { $self->put($meter, $row, $way) });
}

sub set_manufacturer
{
	my ($self, $name, @window) = @_;
	$self->play(sub {
		$self->{model}{manufacturer}{$name} = [@window];
		push @{ $self->{script} },
		  "INSERT INTO poa.manufacturer VALUES ('$name', 'M', " . join(', ', map { interval($_) } @window)
		  . ') ON CONFLICT (manufacturer) DO UPDATE SET'
		  . ' window_before = excluded.window_before, window_after = excluded.window_after;';
	});
}

# Send a command, which may have been sent before.
sub send
{
	my ($self, $meter, $activates_at, $request_id, $received_at) = @_;
	my $answer = $self->{model}->track($self->{step}, $meter, $activates_at, $request_id, $received_at);

	push @{ $self->{sent} }, [ $meter, $activates_at, $request_id, $received_at ];
	push @{ $self->{requests} }, $self->{sent}[-1] if defined $request_id;
	push @{ $self->{known} }, $received_at, $activates_at // $received_at;
	if (defined $answer && $answer eq $self->{step})
	{
		push @{ $self->{tracked} }, $self->{step};
		push @{ $self->{known} }, @{ $self->{model}{activation}{ $self->{step} } }{qw(opens_at closes_at)};
	}
	$answer = "activation $answer" if defined $answer && $answer !~ /^error/;
	$self->ask($answer,
		sprintf 'poa.track_activation(%s, %s, %s, %s)',
		meter_guid($meter), instant($activates_at), text($request_id), instant($received_at));
}

sub track
{
	my $self = shift;
	my @command = @_;
	$self->play(sub { $self->send(@command) });
}

# A meter and a time, often those of an earlier command.
sub some_command
{
	my $self = shift;
	return ($self->some_meter, $self->some_time) unless @{ $self->{sent} } && chance(0.5);
	my ($meter, $activates_at, undef, $received_at) = @{ pick(@{ $self->{sent} }) };
	return ($meter, pick($received_at, $activates_at // $received_at) + pick(-1, 0, 0, 1) * MICROSECOND);
}

sub command_on_demand
{
	my $self = shift;
	my ($meter, $received_at) = $self->some_command;
	$self->track($meter, undef, pick("r$self->{step}", undef), $received_at);
}

sub command_future_dated
{
	my $self = shift;
	my ($meter, $received_at) = $self->some_command;
	my $ahead = pick(-MICROSECOND, 0, MICROSECOND, map { int rand $_ * HOUR } 0.2, 1, 3, 30);
	my $activates_at = $received_at + $ahead;
	$activates_at = pick(@{ $self->{known} }) if chance(0.2);
	my @same = grep { $_->[0] == $meter && $_->[3] > $received_at } @{ $self->{sent} };
	$activates_at = pick(@same)->[3] + pick(-1, 0, 1) * MICROSECOND if @same && chance(0.2);
	$self->track($meter, $activates_at, pick("r$self->{step}", "r$self->{step}", undef), $received_at);
}

sub command_redelivered
{
	my $self = shift;
	return unless @{ $self->{requests} };
	my ($meter, $activates_at, $request_id, $received_at) = @{ pick(@{ $self->{requests} }) };
	$received_at += HOUR if chance(0.5);
	# for another meter it is an error, where that is eligible
	if (chance(0.2))
	{
		my $other = $self->some_meter;
		$meter = $other if $self->{model}->eligible($other);
	}
	$self->track($meter, $activates_at, $request_id, $received_at);
}

sub command_invalid
{
	my $self = shift;
	my ($meter) = grep { $self->{model}->eligible($_) } 1 .. METERS;
	return unless defined $meter;
	my $bad = pick(undef, 'infinity', '-infinity');
	my $question = sprintf pick(
		"poa.track_activation(%s, NULL, 'i$self->{step}', %s)",
		'poa.cancel_activation(%s, %s)',
		defined $bad
		? "poa.track_activation(%s, %s, 'i$self->{step}', '2020-01-01')"
		: 'poa.cancel_activation(%s, %s)'), meter_guid($meter), instant($bad);
	$self->play(sub { $self->ask('error 22023', $question) });
}

sub command_cancelled
{
	my $self = shift;
	my ($meter, $at) = ($self->some_meter, $self->some_time);
	$self->play(sub {
		$self->ask($self->{model}->cancel($meter, $at),
			sprintf 'poa.cancel_activation(%s, %s)', meter_guid($meter), instant($at));
	});
}

sub command_outcome
{
	my $self = shift;
	my $request_id = @{ $self->{requests} } && chance(0.95) ? pick(@{ $self->{requests} })->[2] : "u$self->{step}";
	my $outcome = pick(
		('succeeded') x 4, 'no_image_held', 'hash_mismatch', 'activation_failure',
		'accepted', 'Succeeded', undef);
	$self->play(sub {
		$self->ask($self->{model}->outcome($request_id, $outcome),
			sprintf 'poa.record_outcome(%s, %s)', text($request_id), text($outcome));
	});
}

sub command_refused
{
	my $self = shift;
	my $request_id = @{ $self->{requests} } && chance(0.95) ? pick(@{ $self->{requests} })->[2] : "u$self->{step}";
	my $at = $self->some_time;
	$self->play(sub {
		$self->ask($self->{model}->refuse($request_id, "E$self->{step}", $at),
			sprintf 'poa.refuse_activation(%s, %s, %s)', text($request_id), text("E$self->{step}"), instant($at));
	});
}

sub command_eligibility
{
	my $self = shift;
	my $meter = $self->some_meter;
	$self->play(sub {
		my %met = $self->{model}->criteria($meter);
		$self->ask(join(',', map { $met{$_} ? 't' : 'f' } qw(inventory type generation manufacturer list hub)),
			'SELECT string_agg(left(met::text, 1), \',\') FROM poa.eligibility('
			  . meter_guid($meter) . ')');
	});
}


sub change_device
{
	my $self = shift;
	$self->place($self->some_meter, $self->some_row);
}

sub change_move
{
	my $self = shift;
	my $meter = $self->some_meter;
	my $row = $self->{model}{device}{$meter} or return;
	$self->place($meter, { %$row, chf => pick((map { 1 + int rand HUBS } 1 .. 5), undef) });
}

sub change_exchange
{
	my $self = shift;
	# a new hub for everything on an old one, in one statement
	my ($old, $new) = map { 1 + int rand HUBS } 1 .. 2;
	$self->play(sub {
		push @{ $self->{script} }, 'UPDATE poa.device SET chf = ' . hub_guid($new) . ' WHERE chf = ' . hub_guid($old) . ';';
		my $devices = $self->{model}{device};
		foreach my $meter (grep { ($devices->{$_}{chf} // 0) == $old } keys %$devices)
		{
			$self->{model}->place($meter, { %{ $devices->{$meter} }, chf => $new }, $now);
		}
	});
}

sub change_remove
{
	my $self = shift;
	my $meter = $self->some_meter;
	return if chance(0.7);
	$self->play(sub {
		push @{ $self->{script} }, 'DELETE FROM poa.device WHERE device = ' . meter_guid($meter) . ';';
		$self->{model}->place($meter, undef, $now);
	});
}

sub change_list
{
	my $self = shift;
	my $meter = $self->some_meter;
	return if exists $self->{model}{list}{$meter} && chance(0.7);
	$self->play(sub {
		push @{ $self->{script} }, exists $self->{model}{list}{$meter}
		  ? 'DELETE FROM poa.guid_list WHERE guid = ' . meter_guid($meter) . ';'
		  : 'INSERT INTO poa.guid_list VALUES (' . meter_guid($meter) . ');';
		delete $self->{model}{list}{$meter} or $self->{model}{list}{$meter} = 1;
	});
}

sub change_manufacturer
{
	my $self = shift;
	my $name = pick('1063', '118F', '1125');
	if (exists $self->{model}{manufacturer}{$name} && chance(0.1))
	{
		$self->play(sub {
			delete $self->{model}{manufacturer}{$name};
			push @{ $self->{script} }, "DELETE FROM poa.manufacturer WHERE manufacturer = '$name';";
		});
	}
	else
	{
		$self->set_manufacturer($name, pick(0, 0, 5 * MINUTE, MICROSECOND),
			pick((30 * MINUTE) x 3, 45 * MINUTE, 0, 25 * HOUR));
	}
}

sub change_purge
{
	my $self = shift;
	my $before = $self->some_time;
	return unless chance(0.06);
	$self->play(sub {
		return if @{ $self->{saved} } && !$self->{may_purge};
		$self->ask($self->{model}->purge_activations($before, $now), 'poa.purge_activations(' . instant($before) . ')');
	});
}

sub change_switch
{
	my $self = shift;
	return unless chance(0.3) || !$self->{model}{enabled};
	$self->play(sub {
		$self->{model}{enabled} = !$self->{model}{enabled};
		push @{ $self->{script} }, 'SET poa_suppress.enabled = ' . ($self->{model}{enabled} ? 'on;' : 'off;');
	});
}

sub change_zone
{
	my $self = shift;
	my $zone = pick('UTC', 'Europe/London', 'America/St_Johns', 'Pacific/Kiritimati');
	$self->play(sub { push @{ $self->{script} }, "SET timezone = '$zone';" });
}


# An alert, most often an AD1 near a window.
sub some_alert
{
	my $self = shift;
	my $near = @{ $self->{tracked} } && chance(0.6) ? $self->{model}{activation}{ pick(@{ $self->{tracked} }) } : undef;
	my $at =
	  defined $near
	  ? pick($near->{opens_at}, $near->{closes_at}, $near->{opens_at} + int rand 40 * MINUTE)
	  + pick(-1, 0, 0, 1) * MICROSECOND
	  : $self->some_time;
	return {
		id => ++$self->{alerts},
		code => pick(('AD1') x 20, qw(8F35 8F36 AD2 ad1 AD AD10), 'AD1 ', '', undef),
		chf => defined $near && chance(0.9) ? $near->{chf} : pick((map { 1 + int rand HUBS } 1 .. 9), undef),
		at => pick(($at) x 40, 'infinity', '-infinity', undef),
		mpxn => pick(sprintf('%02d%011d', rand 100, rand 1e9), '2000012345672', '12345', '200001234567X', undef),
	};
}

# One statement that brings one or more alerts to a table.
sub bring
{
	my ($self, $table, $way, @alerts) = @_;
	my $stored = grep { $self->{model}->alert($_, $table) } @alerts;
	my $columns = "id, alert_code, chf, $table->{at}, mpxn";

	if ($way eq 'copy')
	{
		push @{ $self->{script} }, join "\n", "COPY $table->{name} ($columns) FROM stdin;", (
			map {
				my $alert = $_;
				join "\t", map { $_ eq 'NULL' ? '\N' : s/'//gr } $alert->{id}, text($alert->{code}),
				  hub_guid($alert->{chf}), instant($alert->{at}), text($alert->{mpxn})
			} @alerts), '\.';
		return;
	}
	my $rows = join ', ', map {
		sprintf '(%d, %s, %s, %s, %s)', $_->{id}, text($_->{code}), hub_guid($_->{chf}),
		  instant($_->{at}), text($_->{mpxn})
	} @alerts;
	my $insert = "INSERT INTO $table->{name} ($columns) VALUES $rows";
	if ($way eq 'returning')
	{
		$self->{model}{answer}{ $self->{step} } = $stored;
		push @{ $self->{script} }, "WITH stored AS ($insert RETURNING 1) INSERT INTO answer"
		  . " SELECT $self->{step}, count(*) FROM stored;";
	}
	else
	{
		push @{ $self->{script} }, "$insert;";
	}
}

sub arrival
{
	my $self = shift;
	my $table = pick(map { $tables{$_} } sort keys %tables);
	my @alerts = map { $self->some_alert } 1 .. pick((1) x 8, 2, 5, 40);
	my $way = pick('copy', ('returning') x 1, ('insert') x 3);
	$self->play(sub { $self->bring($table, $way, @alerts) });
}

sub release
{
	my $self = shift;
	my @ids = sort { $a <=> $b } keys %{ $self->{model}{log} };
	my $id = @ids && chance(0.9) ? pick(@ids) : 0;
	$self->play(sub {
		$self->ask($self->{model}->release($id, "because $self->{step}"),
			"poa.release(coalesce((SELECT log_id FROM poa.suppression_log"
			  . " WHERE alert->>'id' = '$id'), 0), 'because $self->{step}')");
	});
}

sub explain
{
	my $self = shift;
	my ($hub, $at) = (1 + int rand HUBS, $self->some_time);
	$self->play(sub {
		my @windows = $self->{model}->windows($hub, $at);
		$self->ask($self->{model}{enabled} && @windows ? 'true' : 'false',
			'SELECT met FROM poa.explain(' . hub_guid($hub) . ', ' . instant($at) . ") WHERE criterion = 'verdict'");
	});
}

# Transactions and savepoints: what is rolled back has not been.
sub turn
{
	my ($self, $level, @lots) = @_;

	if (!@{ $self->{saved} })
	{
		push @{ $self->{script} }, "BEGIN ISOLATION LEVEL $level;";
		$self->{may_purge} = $level eq 'READ COMMITTED';
		push @{ $self->{saved} }, Storable::dclone($self->{model});
	}
	elsif (@{ $self->{saved} } > 1 && $lots[0] < 0.6)
	{
		my $depth = $#{ $self->{saved} };
		my $before = pop @{ $self->{saved} };
		if ($lots[1] < 0.4)
		{
			push @{ $self->{script} }, "ROLLBACK TO s$depth;", "RELEASE s$depth;";
			$self->{model} = $before;
		}
		else
		{
			push @{ $self->{script} }, "RELEASE s$depth;";
		}
	}
	elsif (@{ $self->{saved} } < 4 && $lots[2] < 0.6)
	{
		push @{ $self->{script} }, 'SAVEPOINT s' . scalar(@{ $self->{saved} }) . ';';
		push @{ $self->{saved} }, Storable::dclone($self->{model});
	}
	elsif ($lots[3] < 0.9)
	{
		push @{ $self->{script} }, 'COMMIT;';
		@{ $self->{saved} } = ();
	}
	else
	{
		push @{ $self->{script} }, 'ROLLBACK;';
		$self->{model} = $self->{saved}[0];
		@{ $self->{saved} } = ();
	}
}

sub transaction
{
	my $self = shift;
	my $level = pick('READ COMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE');
	my @lots = map { rand } 1 .. 4;
	$self->play(sub { $self->turn($level, @lots) });
}

###########################################################################
# Comparison.

package main;

# Where two sets of rows differ, by their keys: a text, '' where they do not.
sub difference
{
	my ($what, $got, $expected) = @_;
	my @keys =
	  grep { ($got->{$_} // 'missing') ne ($expected->{$_} // 'missing') }
	  sort { $a <=> $b } keys %{ { %$got, %$expected } };

	return '' unless @keys;
	return join "\n", "$what: " . @keys . ' differ', map {
		("  $_: got      " . ($got->{$_} // 'missing'), "  $_: expected " . ($expected->{$_} // 'missing'))
	} grep { defined } @keys[ 0 .. 2 ];
}

# The rows of a query, whose first column is a key, as key => "a|b|c".
sub rows
{
	my ($node, $db, $query) = @_;
	return {
		map { split /\|/, $_, 2 }
		  split /\n/,
		$node->safe_psql($db, "SET timezone = 'UTC'; $query", extra_params => [ '-P', 'null=-' ])
	};
}

sub line { return join '|', map { $_ // '-' } @_; }

# Every AD1 that came, by its id, where it is and what became of it.
my $afterwards = q{
	CREATE VIEW ad1 AS
	SELECT s.*, l.log_id,
		CASE WHEN l.log_id IS NULL THEN coalesce(poa_internal.distributor_of(s.mpxn),
			(SELECT min(poa_internal.distributor_of(d.mpxn)) FROM poa.device AS d WHERE d.chf = s.chf)) ELSE l.distributor_id END AS distributor_id
	FROM (
		SELECT 'alerts' AS source, id, chf, received_at AS at, mpxn FROM alerts WHERE alert_code = 'AD1'
		UNION SELECT 'alerts_by_day', id, chf, received_at, mpxn FROM alerts_by_day WHERE alert_code = 'AD1'
		UNION SELECT 'alerts_watched', id, chf, received_at, mpxn FROM alerts_watched WHERE alert_code = 'AD1'
		UNION SELECT 'outages', id, chf, started_at, NULL FROM outages WHERE alert_code = 'AD1'
		UNION SELECT source_table, (alert->>'id')::int, chf, decided_at, mpxn FROM poa.suppression_log
	) AS s LEFT JOIN poa.suppression_log AS l ON (l.alert->>'id')::int = s.id
	WHERE s.at < 'infinity'
		/* the same alert again, of one that was released or is in shadow mode, is no other; outages have a key, which is their id */
		AND (l.log_id IS NOT NULL OR NOT EXISTS (
			SELECT FROM poa.suppression_log AS o LEFT JOIN poa.release_log AS r USING (log_id)
			WHERE (NOT o.diverted OR r.log_id IS NOT NULL) AND o.alert_key IS NULL
				AND o.source_table = s.source AND o.chf = s.chf AND o.decided_at = s.at AND o.mpxn IS NOT DISTINCT FROM s.mpxn));
	CREATE VIEW held AS
	SELECT DISTINCT i.id FROM ad1 AS i JOIN poa.activation AS a USING (chf)
	WHERE a.status IN ('tracked', 'succeeded') AND i.at BETWEEN a.opens_at AND a.closes_at;
	/* an AD1 and the windows of those that decided it, or could have */
	CREATE FUNCTION would(b interval, a interval) RETURNS TABLE (id int) LANGUAGE sql AS $$
		SELECT DISTINCT i.id FROM ad1 AS i LEFT JOIN poa.suppression_log AS l USING (log_id)
		CROSS JOIN LATERAL (
			SELECT l.activates_at, l.opens_at, l.closes_at WHERE l.log_id IS NOT NULL
			UNION ALL SELECT v.activates_at, v.opens_at, v.closes_at FROM poa.activation AS v WHERE v.activation_id = ANY (l.matched[2:])
			UNION ALL SELECT v.activates_at, v.opens_at, v.closes_at FROM poa.activation AS v
			WHERE l.log_id IS NULL AND v.chf = i.chf AND v.received_at <= i.at
				AND (v.status IN ('tracked', 'succeeded') OR v.ended_at > i.at)
		) AS w
		WHERE i.at >= coalesce(w.activates_at - b, w.opens_at) AND i.at <= coalesce(w.activates_at + a, w.closes_at)
	$$;
};
my %laws = (
	# but for what the switch has let through
	'verify' => q{
		SELECT count(*) = 6 AND bool_and(ok OR check_name = 'stored') FROM poa.verify(NULL, NULL)},
	'replay with NULLs' => q{
		SELECT count(*) > 20 AND bool_and(r.suppressed = h.suppressed AND r.would_suppress = h.suppressed AND r.alerts = h.alerts
			AND r.newly_suppressed = 0 AND r.newly_forwarded = 0 AND r.saving = 80 * (
				/* outages of which no alert was released */
				SELECT count(*) FROM (
					SELECT FROM poa.suppression_log AS l LEFT JOIN poa.release_log AS e USING (log_id)
					WHERE coalesce(l.distributor_id, -1) = h.id
					GROUP BY l.chf, l.activation_id HAVING count(e.log_id) = 0) AS o))
		FROM poa.replay('-infinity', 'infinity') AS r
		FULL JOIN (SELECT coalesce(distributor_id, -1) AS id, count(*) AS alerts, count(log_id) AS suppressed FROM ad1 GROUP BY 1) AS h
			ON h.id = coalesce(r.distributor_id, -1)},
	'replay in parts' => q{
		SELECT bool_and(p = w)
			FROM (SELECT coalesce(distributor_id, -1) AS id, sum(alerts) || ' ' || sum(suppressed) AS w
			FROM poa.replay('-infinity', 'infinity') GROUP BY 1) AS w
		FULL JOIN (SELECT coalesce(distributor_id, -1) AS id, sum(alerts) || ' ' || sum(suppressed) AS p
			FROM (VALUES ('-infinity'::timestamptz, '2020-01-02'::timestamptz), ('2020-01-02', '2050-01-01'), ('2050-01-01', 'infinity')) AS v (f, t), poa.replay(f, t) GROUP BY 1) AS p USING (id)},
	'replay with other windows' => q{
		SELECT bool_and(r.now = (SELECT count(*) FROM would(b, a))
			AND r.new = (SELECT count(*) FROM would(b, a) JOIN ad1 USING (id) WHERE log_id IS NULL)
			AND r.gone = (SELECT count(*) FROM ad1 WHERE log_id IS NOT NULL AND id NOT IN (SELECT id FROM would(b, a))))
			AND bool_or(r.new > 10) AND bool_or(r.gone > 10)
		FROM (VALUES ('0'::interval, '5 minutes'::interval), ('1 hour', NULL), ('20 minutes', '20 minutes')) AS w (b, a)
		CROSS JOIN LATERAL (SELECT sum(would_suppress) AS now, sum(newly_suppressed) AS new, sum(newly_forwarded) AS gone FROM poa.replay('-infinity', 'infinity', b, a)) AS r},
	'late activations' => q{
		SELECT count(*) = 0 AND (SELECT count(*) > 10 FROM poa.late_activation('-infinity', 'infinity'))
		FROM (SELECT chf, at, mpxn, count(*) AS n FROM ad1 JOIN held USING (id) WHERE log_id IS NULL GROUP BY 1, 2, 3) AS h
		FULL JOIN (SELECT chf, decided_at, mpxn, count(*) AS n FROM poa.late_activation('-infinity', 'infinity') GROUP BY 1, 2, 3) AS l
			ON l.chf = h.chf AND l.decided_at = h.at AND coalesce(l.mpxn, '') = coalesce(h.mpxn, '')
		WHERE l.n IS DISTINCT FROM h.n},
	'restorations' => q{
		SELECT count(*) = (SELECT count(*) FROM poa.suppression_log) AND count(restored_at) > 10
			AND bool_and(coalesce(restored_at >= decided_at, true))
			AND count(restored_at) = count(DISTINCT (chf, restored_at, restoration_code)) FILTER (WHERE restored_at IS NOT NULL)
		FROM poa.restoration('-infinity', 'infinity')},
	# by what was known at t; devices were where poa.device_move has them
	'still dark' => q{
		WITH other AS (SELECT chf, received_at AS at, alert_code FROM alerts UNION ALL SELECT chf, received_at, alert_code FROM alerts_by_day
			UNION ALL SELECT chf, received_at, alert_code FROM alerts_watched UNION ALL SELECT chf, started_at, alert_code FROM outages),
		stay AS (SELECT device, chf, coalesce(lag(until) OVER (PARTITION BY device ORDER BY until), '-infinity') AS since, until
			FROM poa.device_move
			UNION ALL SELECT device, chf,
			coalesce((SELECT max(until) FROM poa.device_move AS m WHERE m.device = d.device), '-infinity'), 'infinity' FROM poa.device AS d)
		SELECT bool_and(d.n = (SELECT count(*) FROM poa.suppression_log AS l
			WHERE diverted AND log_id NOT IN (SELECT log_id FROM poa.release_log WHERE released_at <= t) AND closes_at + interval '15 minutes' < t
				AND NOT EXISTS (SELECT FROM other AS o WHERE o.chf = l.chf AND o.alert_code ~ '^[0-9A-F]{4}$' AND o.at > l.decided_at AND o.at <= t)
				AND NOT EXISTS (SELECT FROM poa.sign_of_life AS s WHERE s.seen_at > l.decided_at AND s.seen_at <= t AND (s.guid = l.chf
					OR EXISTS (SELECT FROM stay AS y WHERE y.device = s.guid AND y.chf = l.chf AND s.seen_at > y.since AND s.seen_at <= y.until)))))
			AND bool_or(d.n > 0)
		FROM (VALUES ('2020-01-02'::timestamptz), ('2025-01-01'), (now()), ('2120-01-01')) AS v (t)
		CROSS JOIN LATERAL (SELECT count(*) AS n FROM poa.still_dark(as_of => t)) AS d});

my $node = PostgreSQL::Test::Cluster->new('model');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'Europe/London'");
$node->start;

# Bring a script to a database of its own and compare everything; what differs.
sub differences
{
	my ($db, $model, $script) = @_;
	my @differences;

	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE world");
	my ($out, $err) = ('', '');
	open my $file, '>', "$PostgreSQL::Test::Utils::tmp_check/$db.sql" or die "$db.sql: $!";
	print $file $script;
	close $file;
	IPC::Run::run(
		[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', "$PostgreSQL::Test::Utils::tmp_check/$db.sql", '-d', $node->connstr($db) ],
		'>', \$out, '2>', \$err)
	  or return "the script fails: $err";

	# an activation is known to the model by the step that tracked it
	my $answers = rows($node, $db, 'SELECT step, answer FROM answer');
	my %id_of = map { $_ => $answers->{$_} }
	  grep { ($model->{answer}{$_} // '') eq "activation $_" } keys %$answers;
	my @in_order = map { $id_of{$_} } sort { $a <=> $b } keys %id_of;
	push @differences, 'ids are not in the order of arrival' unless "@in_order" eq join ' ', sort { $a <=> $b } @in_order;

	push @differences, difference('answers', $answers,
		{
			map {
				my $answer = $model->{answer}{$_};
				$_ => line(defined $answer && $answer =~ /^activation (.*)/ ? $id_of{$1} : $answer)
			} keys %{ $model->{answer} }
		});
	push @differences, difference('activations',
		rows($node, $db, q{SELECT activation_id, number(device), number(chf), request_id, us(received_at),
			us(activates_at), us(opens_at), us(closes_at), status, regexp_replace(ended_by, '^activation \d+$', 'activation') FROM poa.activation}),
		{
			map {
				($id_of{ $_->{id} } // "step $_->{id}") => line(@$_{
						qw(device chf request_id received_at activates_at opens_at closes_at status)},
					defined $_->{ended_by} ? $_->{ended_by} =~ s/^activation \d+$/activation/r : undef)
			} values %{ $model->{activation} }
		});
	push @differences, difference('stored alerts',
		rows($node, $db, join ' UNION ALL ', map { "SELECT id, '$_' FROM $_" } sort keys %tables),
		$model->{stored});

	push @differences, difference('logged alerts',
		rows($node, $db, q{SELECT alert->>'id', diverted, source_schema, source_table, alert_code,
			number(chf), mpxn, distributor_id, us(decided_at), activation_id, array_to_string(matched, ','),
			number(device), manufacturer, request_id, us(activates_at), us(opens_at), us(closes_at),
			(extract(epoch FROM delay) * 1000000)::bigint,
			alert->>'alert_code', number((alert->>'chf')::guid),
			us(coalesce(alert->>'received_at', alert->>'started_at')::timestamptz)
			FROM poa.suppression_log}),
		{
			map {
				my $row = $model->{log}{$_};
				my $alert = $row->{alert};
				my @matched = map { $id_of{$_} // "step $_" } @{ $row->{matched} };
				$_ => line(
					$row->{diverted}, 'public', $row->{source}, 'AD1',
					$alert->{chf}, @$row{qw(mpxn distributor_id decided_at)},
					$matched[0], join(',', @matched),
					@$row{qw(device manufacturer request_id activates_at opens_at closes_at)},
					$row->{decided_at} - $row->{activates_at},
					$alert->{code}, $alert->{chf}, $alert->{at})
			} keys %{ $model->{log} }
		});
	push @differences, difference('releases',
		rows($node, $db, q{SELECT l.alert->>'id', r.reason, r.released_by = session_user
			FROM poa.release_log AS r JOIN poa.suppression_log AS l USING (log_id)}),
		{ map { $_ => line($model->{released}{$_}, 't') } keys %{ $model->{released} } });
	return join "\n", grep { $_ ne '' } @differences;
}

# The shortest history that still fails: leave out whatever can be left out, in
# ever smaller pieces.  Prints it.
sub shrink
{
	my ($seed, $history) = @_;
	my ($model, $script, $number) = $history->play_again;
	my @steps = 0 .. $number - 1;
	my $tries = 0;
	my $fails = sub {
		my $differences = differences('shrunk' . ++$tries, ($history->play_again(@_))[ 0, 1 ]);
		$node->safe_psql('postgres', "DROP DATABASE shrunk$tries");
		return $differences;
	};

	# first where it fails, then what of that it takes
	my ($good, $bad) = (0, $number);
	while ($bad - $good > 1)
	{
		my $middle = int(($good + $bad) / 2);
		if ($fails->(@steps[ 0 .. $middle - 1 ])) { $bad = $middle; }
		else { $good = $middle; }
	}
	$#steps = $bad - 1;
	for (my $size = int(@steps / 2); $size >= 1 && $tries < 500; $size = int($size / 2))
	{
		for (my $at = @steps - $size; $at > -$size && @steps > 1; $at -= $size)
		{
			my $from = $at < 0 ? 0 : $at;
			my @rest = @steps;
			splice @rest, $from, $at + $size - $from;
			@steps = @rest if @rest && $fails->(@rest);
		}
	}
	my $differences = $fails->(@steps);
	diag("POA_SEED=$seed, " . @steps . " of $number steps:\n" . ($history->play_again(@steps))[1] . $differences);
	return;
}

# One history; with laws where it is long enough for them.
sub try
{
	my $seed = shift;
	my $history = History->new($seed);
	my ($model, $script) = $history->play_again;
	my $differences = differences("seed$seed", $model, $script);

	is($differences, '', "history $seed: " . join ', ', map { sprintf '%d %s', scalar keys %{ $model->{$_} }, $_ }
		  qw(answer activation stored log released)) or shrink($seed, $history);
	return $differences eq '' ? $model : undef;
}

$node->safe_psql('postgres', 'CREATE DATABASE world');
$node->safe_psql('world', $schema);

my @seeds = $ENV{POA_SEED} ? ($ENV{POA_SEED}) : (1, 20, 300, 4000);
foreach my $seed (@seeds)
{
	my $db = "seed$seed";
	my $model = try($seed) or next;
	my %seen;
	$seen{ $_->{status} }++ foreach values %{ $model->{activation} };
	$seen{ @{ $_->{matched} } > 1 ? 'matches several' : 'matches one' }++ foreach values %{ $model->{log} };
	note(join ', ', map { "$_: $seen{$_}" } sort keys %seen);
	is(scalar keys %seen, 7, 'the history has every status, and alerts in one window and in several')
	  or diag("POA_SEED=$seed");

	# what is said of the history afterwards, against plain questions: each alert has its id
	$node->safe_psql($db, $afterwards);
	is($node->safe_psql($db, $laws{$_}), 't', "$_ holds") or diag("POA_SEED=$seed") foreach sort keys %laws;
}

if (my $seconds = $ENV{POA_SECONDS})
{
	my $end = time + $seconds;
	my $seed = time * 100;
	my $good = 1;
	while ($good && time < $end)
	{
		$good = try(++$seed);
		$node->safe_psql('postgres', "DROP DATABASE seed$seed");
	}
}

# now() stands still within a transaction, so a window can close exactly then.
$node->safe_psql('postgres', "CREATE DATABASE edge");
$node->safe_psql('edge', $schema);
is( $node->safe_psql('edge', q{
	INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
	INSERT INTO poa.guid_list SELECT n::bigint::guid FROM generate_series(1, 3) AS n;
	INSERT INTO poa.device SELECT n::bigint::guid, 'ESME', 2, '1063', 100::bigint::guid
		FROM generate_series(1, 3) AS n;
	BEGIN;
	DO $$ BEGIN
		PERFORM poa.track_activation(1::bigint::guid, received_at => now() - interval '30 minutes');
		PERFORM poa.track_activation(2::bigint::guid, received_at => now() - interval '30 minutes 1 microsecond');
		PERFORM poa.track_activation(3::bigint::guid, received_at => now() - interval '29 minutes 59.999999 seconds');
		UPDATE poa.device SET chf = 200::bigint::guid;
	END $$;
	COMMIT;
	SELECT device::bigint, chf::bigint FROM poa.activation ORDER BY device;}),
	"1|200\n2|100\n3|200",
	'a window that closes now moves with its meter, one that has closed does not');

done_testing();
