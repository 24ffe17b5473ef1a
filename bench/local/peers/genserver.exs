# Elixir's GenServer and DynamicSupervisor: the same measures, by the same rules (medians of batches after one that warms up: the BEAM compiles before it runs).
# elixir bench/local/peers/genserver.exs <measure> prints its figures as one line of JSON.

defmodule Counter do
  use GenServer

  def start_link(start), do: GenServer.start_link(__MODULE__, start)

  @impl true
  def init(start), do: {:ok, start}

  @impl true
  def handle_call({:add, by}, _from, count), do: {:reply, count + by, count + by}

  @impl true
  def handle_cast({:add, by}, count), do: {:noreply, count + by}
end

defmodule Fragile do
  use GenServer

  def start_link(watcher), do: GenServer.start_link(__MODULE__, watcher)

  @impl true
  def init(watcher) do
    send(watcher, {:up, self()})
    {:ok, watcher}
  end

  @impl true
  def handle_cast(:crash, _watcher), do: raise("crash")
end

defmodule Measure do
  @warming_up 1
  @batches 3
  @calls 300_000
  @callers 100
  @casts 1_000_000
  @burst 1_000
  @starts 100_000
  @idle 100_000
  @storm 10_000
  @lives 500

  def run("call"), do: per_second(@calls, &start_counter/0, fn pid -> calls(pid, @calls) end, &stop/1)

  def run("call-100"), do: per_second(@calls, &start_counter/0, &call_at_once/1, &stop/1)

  def run("cast"), do: casts_per_second(@burst)
  def run("cast-flood"), do: casts_per_second(@casts)

  def run("start-child"), do: per_second(@starts, &start_supervisor/0, fn sup -> start_children(sup, Counter, 0, @starts) end, &stop/1)

  def run("idle-bytes") do
    sup = start_supervisor()
    before = :erlang.memory(:total)
    start_children(sup, Counter, 0, @idle)
    :erlang.garbage_collect(sup)
    :erlang.garbage_collect()
    %{bytes: (:erlang.memory(:total) - before) / @idle}
  end

  # A supervisor looks through all restarts of its period at each restart: a new one now and then, so that it is not that which is measured.
  def run("latency") do
    micros = Enum.flat_map(1..20, fn _ -> lives(start_supervisor(), @lives) end)
    %{p50: quantile(micros, 0.5), p99: quantile(micros, 0.99)}
  end

  def run("storm") do
    per_second(@storm, &prepare_storm/0, fn {_sup, pids} -> storm(pids) end, fn {sup, _pids} -> stop(sup) end)
  end

  defp start_counter do
    {:ok, pid} = GenServer.start(Counter, 0)
    pid
  end

  defp start_supervisor do
    {:ok, sup} = DynamicSupervisor.start_link(strategy: :one_for_one, max_restarts: 1_000_000, max_seconds: 5)
    sup
  end

  # Killed: to stop a supervisor with 100,000 children in order takes longer than the measure.
  defp stop(pid) do
    Process.unlink(pid)
    ref = Process.monitor(pid)
    Process.exit(pid, :kill)

    receive do
      {:DOWN, ^ref, _, _, _} -> :ok
    end
  end

  defp calls(_pid, 0), do: :ok

  defp calls(pid, left) do
    GenServer.call(pid, {:add, 1})
    calls(pid, left - 1)
  end

  defp call_at_once(pid) do
    1..@callers
    |> Enum.map(fn _ -> Task.async(fn -> calls(pid, div(@calls, @callers)) end) end)
    |> Task.await_many(:infinity)
  end

  defp casts_per_second(burst) do
    per_second(@casts, &start_counter/0, fn pid -> bursts(pid, div(@casts, burst), burst) end, &stop/1)
  end

  defp bursts(_pid, 0, _size), do: :ok

  defp bursts(pid, left, size) do
    casts(pid, size)
    GenServer.call(pid, {:add, 0}, :infinity)
    bursts(pid, left - 1, size)
  end

  defp casts(_pid, 0), do: :ok

  defp casts(pid, left) do
    GenServer.cast(pid, {:add, 1})
    casts(pid, left - 1)
  end

  defp start_children(_sup, _module, _argument, 0), do: :ok

  defp start_children(sup, module, argument, left) do
    {:ok, _pid} = DynamicSupervisor.start_child(sup, {module, argument})
    start_children(sup, module, argument, left - 1)
  end

  defp lives(sup, count) do
    {:ok, _pid} = DynamicSupervisor.start_child(sup, {Fragile, self()})
    micros = lives(receive_up(), count, [])
    stop(sup)
    micros
  end

  defp lives(_pid, 0, micros), do: micros

  defp lives(pid, left, micros) do
    crashed_at = System.monotonic_time(:nanosecond)
    GenServer.cast(pid, :crash)
    next = receive_up()
    away = System.monotonic_time(:nanosecond) - crashed_at
    lives(next, left - 1, [away / 1000 | micros])
  end

  defp prepare_storm do
    sup = start_supervisor()
    start_children(sup, Fragile, self(), @storm)
    {sup, Enum.map(1..@storm, fn _ -> receive_up() end)}
  end

  defp storm(pids) do
    Enum.each(pids, &GenServer.cast(&1, :crash))
    Enum.each(pids, fn _ -> receive_up() end)
  end

  defp receive_up do
    receive do
      {:up, pid} -> pid
    end
  end

  defp per_second(count, prepare, run, clear) do
    rates =
      Enum.map(1..(@warming_up + @batches), fn _ ->
        prepared = prepare.()
        :erlang.garbage_collect()
        started_at = System.monotonic_time(:nanosecond)
        run.(prepared)
        took = System.monotonic_time(:nanosecond) - started_at
        clear.(prepared)
        count / took * 1.0e9
      end)

    %{perSecond: quantile(Enum.drop(rates, @warming_up), 0.5)}
  end

  defp quantile(values, q), do: values |> Enum.sort() |> Enum.at(round((length(values) - 1) * q))
end

# Crash reports are not printed: it is not the terminal that is measured.
:logger.set_primary_config(:level, :none)
[measure] = System.argv()
figures = Measure.run(measure) |> Enum.map_join(", ", fn {name, value} -> ~s("#{name}": #{value}) end)
IO.puts("{#{figures}}")
