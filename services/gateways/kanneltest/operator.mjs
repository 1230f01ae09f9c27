// A mobile operator as Kannel sees it: takes messages over SMPP, prints each as a line of JSON, and reports on it a moment later.
// Numbers that end in 0001 are refused, those that end in 0002 are reported as undelivered, those that end in 0008 not at all; all
// others are delivered. A line of JSON on the standard input, {"from", "to", "text"}, is a message that somebody sends to us.
import { createInterface } from 'node:readline'
import smpp from 'smpp'

const say = line => process.stdout.write(JSON.stringify(line) + '\n')
const sessions = new Set()
let last = 0

const server = smpp.createServer(session => {
  const bind = pdu => {
    session.send(pdu.response())
    sessions.add(session)
    say({ bound: pdu.command })
  }
  session.on('bind_transceiver', bind)
  session.on('bind_receiver', bind)
  session.on('bind_transmitter', bind)
  session.on('enquire_link', pdu => session.send(pdu.response()))
  session.on('unbind', pdu => { session.send(pdu.response()); session.close() })
  session.on('close', () => sessions.delete(session))
  session.on('error', () => sessions.delete(session))
  session.on('submit_sm', pdu => {
    const to = pdu.destination_addr
    if (to.endsWith('0001')) {
      session.send(pdu.response({ command_status: smpp.ESME_RINVDSTADR }))
      say({ refused: to })
      return
    }
    const id = String(++last)
    session.send(pdu.response({ message_id: id }))
    const { message, udh } = pdu.short_message
    const header = udh && udh.length ? [...Buffer.concat([].concat(udh))] : []
    // UTF-16 units, for the end of a part may cut a pair of them in two; the header of a part ends with how many there are and which it is
    say({ from: pdu.source_addr, to, units: [...Array(message.length).keys()].map(i => message.charCodeAt(i)), coding: pdu.data_coding,
      parts: header.at(-2) ?? 1, part: header.at(-1) ?? 1 })
    if (!pdu.registered_delivery || to.endsWith('0008')) return
    const stat = to.endsWith('0002') ? 'UNDELIV' : 'DELIVRD'
    const at = new Date().toISOString().replace(/\D/g, '').slice(2, 12)
    const text = `id:${id} sub:001 dlvrd:001 submit date:${at} done date:${at} stat:${stat} err:${stat === 'DELIVRD' ? '000' : '042'} text:`
    setTimeout(() => send({ source_addr: to, destination_addr: pdu.source_addr, esm_class: 4, short_message: Buffer.from(text, 'latin1') }), 50)
  })
})

// send brings a message or report to whoever is bound.
function send(pdu) {
  for (const session of sessions) {
    session.deliver_sm(pdu)
    return
  }
}

createInterface({ input: process.stdin }).on('line', line => {
  const { from, to, text } = JSON.parse(line)
  const gsm = /^[\x20-\x7e\n]*$/.test(text)
  send({ source_addr: from, source_addr_ton: 1, source_addr_npi: 1, destination_addr: to, dest_addr_ton: 1, dest_addr_npi: 1,
    data_coding: gsm ? 0 : 8, short_message: text })
}).on('close', () => process.exit(0))

server.listen(Number(process.argv[2]), '127.0.0.1', () => say({ listening: server.address().port }))
