# Erlang's own distribution: GenServer.call to a process of another node, by the same rules (medians of batches after one that warms up).
# The node that is called: elixir --sname <name> call.exs serve
# The node that calls:     elixir --sname <name> call.exs measure <node that is called>; prints its figures as one line of JSON.

defmodule Counter do
  use GenServer

  @impl true
  def init(start), do: {:ok, start}

  @impl true
  def handle_call({:add, by}, _from, count), do: {:reply, count + by, count + by}
end

defmodule Measure do
  @warming_up 1
  @batches 3
  @calls 5_000
  @calls_at_once 50_000
  @callers 100

  def run(callee) do
    %{
      one: per_second(@calls, fn -> calls(callee, @calls) end),
      many: per_second(@calls_at_once, fn -> call_at_once(callee) end)
    }
  end

  defp calls(_callee, 0), do: :ok

  defp calls(callee, left) do
    GenServer.call(callee, {:add, 1})
    calls(callee, left - 1)
  end

  defp call_at_once(callee) do
    1..@callers
    |> Enum.map(fn _ -> Task.async(fn -> calls(callee, div(@calls_at_once, @callers)) end) end)
    |> Task.await_many(:infinity)
  end

  defp per_second(count, run) do
    rates =
      Enum.map(1..(@warming_up + @batches), fn _ ->
        started_at = System.monotonic_time(:nanosecond)
        run.()
        count / (System.monotonic_time(:nanosecond) - started_at) * 1.0e9
      end)

    rates |> Enum.drop(@warming_up) |> Enum.sort() |> Enum.at(div(@batches, 2))
  end
end

case System.argv() do
  ["serve"] ->
    {:ok, _pid} = GenServer.start(Counter, 0, name: :counter)
    IO.puts("ready")
    # It ends with whoever started it, whose end closes its standard input.
    IO.read(:line)
    System.halt(0)

  ["measure", node] ->
    true = Node.connect(String.to_atom(node))
    # A pid, as ours is called by: a name would be looked up at each call.
    callee = :rpc.call(String.to_atom(node), Process, :whereis, [:counter])
    figures = Measure.run(callee) |> Enum.map_join(", ", fn {name, value} -> ~s("#{name}": #{value}) end)
    IO.puts("{#{figures}}")
    System.halt(0)
end
