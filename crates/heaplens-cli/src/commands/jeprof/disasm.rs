//! `--disasm`: the instructions of functions, with what the calls among them hold, below their source.

use super::functions::{self, Function};
use super::listing::{clean, figure};
use super::names::short;
use crate::notes;
use crate::source_files::Sources;
use heaplens::out::escape;
use heaplens::out::figures::{Unit, share};
use heaplens::profile::Amount;
use heaplens::symbols::{Binary, Options};
use iced_x86::{Decoder, DecoderOptions, Formatter, GasFormatter, Instruction, Register};
use std::io::Write;

/// Longer paths are cut at their beginning.
const WIDTH: usize = 58;

/// Writes each function; `total` is that of all stacks.
pub(super) fn write(
    found: &[Function],
    total: Amount,
    unit: Unit,
    options: &Options,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let mut sources = Sources::default();
    for function in found {
        match decode(function, options) {
            Ok(rows) => one(function, &rows, (total, unit), &mut sources, out)?,
            Err(why) => {
                let name = escape::terminal(&function.short);
                notes::line(&format!("warning: {name} in {}: {why}", function.file.display()));
            }
        }
    }
    Ok(())
}

/// An instruction.
struct Row {
    address: u64,
    text: String,
    /// Its source, else that of the one before it.
    file: String,
    line: u32,
    flat: Amount,
    cum: Amount,
}

fn one(
    function: &Function,
    rows: &[Row],
    (total, unit): (Amount, Unit),
    sources: &mut Sources,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let (flat, cum) = functions::sums(&function.code);
    writeln!(out, "ROUTINE ====================== {}", escape::terminal(&function.short))?;
    let (flat, whole, label) = (unit.figure(flat), unit.figure(cum), unit.label());
    writeln!(out, "{flat:>6} {whole:>6} {label} (flat, cumulative) {} of total", share(cum, total))?;
    let mut file = "";
    for group in rows.chunk_by(|a, b| a.line == b.line) {
        let first = &group[0];
        if first.file != file {
            file = &first.file;
            writeln!(out, "-------------------- {}", escape::terminal(&shortened(clean(file))))?;
        }
        let sum = |of: fn(&Row) -> Amount| figure(unit, group.iter().map(of).sum());
        let source =
            sources.lines(file).ok().and_then(|lines| lines.get(first.line.checked_sub(1)? as usize));
        if let Some(source) = source {
            let source = escape::terminal(source.trim_start());
            writeln!(
                out,
                "{:>6} {:>6} {:>5}: {source}",
                sum(|row| row.flat),
                sum(|row| row.cum),
                first.line
            )?;
        }
        for row in group {
            let (flat, cum) = (figure(unit, row.flat), figure(unit, row.cum));
            writeln!(out, "{flat:>6} {cum:>6}    {:>8x}: {:>6}", row.address, row.text)?;
        }
    }
    Ok(())
}

/// The end of a long path.
fn shortened(path: &str) -> String {
    let count = path.chars().count();
    if count < WIDTH {
        return path.to_owned();
    }
    format!("...{}", path.chars().skip(count + 3 - WIDTH).collect::<String>())
}

/// The function's instructions with their sources and amounts.
fn decode(function: &Function, options: &Options) -> Result<Vec<Row>, String> {
    let binary = Binary::open(&function.file, options)?;
    if !binary.is_x86_64() {
        return Err("only x86-64's code is disassembled; --list shows the source of any".to_owned());
    }
    let code = binary.code(function.range.clone())?;
    let instructions: Vec<Instruction> =
        Decoder::with_ip(64, &code, function.range.start, DecoderOptions::NONE).into_iter().collect();
    let texts = texts(&binary, &instructions);
    let mut rows: Vec<Row> = Vec::with_capacity(instructions.len());
    for (instruction, text) in instructions.iter().zip(texts) {
        let at = (instruction.ip() - function.range.start) as usize;
        let bytes = &function.code[at..(at + instruction.len()).min(function.code.len())];
        let (flat, cum) = functions::sums(bytes);
        let before = || rows.last().map_or((String::new(), 0), |row| (row.file.clone(), row.line));
        let (file, line) = bytes.first().and_then(|byte| byte.innermost.clone()).unwrap_or_else(before);
        rows.push(Row { address: instruction.ip(), text, file, line, flat, cum });
    }
    Ok(rows)
}

/// Instructions in AT&T's syntax, as objdump spells them where that is a matter of options; with the names of functions
/// that they lead to.
fn texts(binary: &Binary, instructions: &[Instruction]) -> Vec<String> {
    let mut formatter = GasFormatter::new();
    let options = formatter.options_mut();
    options.set_uppercase_hex(false);
    options.set_small_hex_numbers_in_decimal(false);
    options.set_space_after_operand_separator(false);
    options.set_rip_relative_addresses(true);
    let targets: Vec<u64> = instructions.iter().filter_map(target).collect();
    let names = binary.lookup().places(&targets);
    let pieces = binary.pieces(&targets);
    let mut places = targets.iter().zip(&names.places).zip(pieces).map(|((target, places), piece)| {
        let function = places.last().and_then(|place| names.named(place.function));
        let function = function.map(|named| short(&named.name)).filter(|name| !name.is_empty());
        let inside = piece.map_or(0, |piece| target - piece.start);
        let place = match (function, inside) {
            (None, _) => format!("{target:x}"),
            (Some(name), 0) => format!("{target:x} <{name}>"),
            (Some(name), inside) => format!("{target:x} <{name}+{inside:#x}>"),
        };
        escape::terminal(&place).into_owned()
    });
    let text = |instruction: &Instruction| {
        // What takes up space in the code is shown, though it may say nothing.
        let options = formatter.options_mut();
        options.set_show_zero_displacements(instruction.memory_displ_size() > 0);
        options.set_always_show_scale(instruction.memory_index() != Register::None);
        let (mut mnemonic, mut operands) = (String::new(), String::new());
        formatter.format_mnemonic(instruction, &mut mnemonic);
        formatter.format_all_operands(instruction, &mut operands);
        let mnemonic = unsuffixed(&mnemonic);
        let place = target(instruction).and_then(|_| places.next());
        match place {
            None if operands.is_empty() => mnemonic.to_owned(),
            None => format!("{mnemonic:<6} {operands}"),
            Some(place) if instruction.is_ip_rel_memory_operand() => {
                format!("{mnemonic:<6} {operands}        # {place}")
            }
            Some(place) => format!("{mnemonic:<6} {place}"),
        }
    };
    instructions.iter().map(text).collect()
}

/// What has one size only in 64-bit code is written without it.
fn unsuffixed(mnemonic: &str) -> &str {
    match mnemonic {
        "pushq" | "popq" | "callq" | "jmpq" | "retq" | "leaveq" => mnemonic.trim_end_matches('q'),
        _ => mnemonic,
    }
}

/// Where a direct jump or call leads, or what is read or written at a distance from the instruction.
fn target(instruction: &Instruction) -> Option<u64> {
    match instruction.is_ip_rel_memory_operand() {
        true => Some(instruction.ip_rel_memory_address()),
        false => Some(instruction.near_branch_target()).filter(|&target| target != 0),
    }
}
